"""TFRecord shards: plan, write and read them."""
