// A part of a film that is too large to be sent, as a smaller film: the browser plays and records
// it, which takes as long as the part.
const LONGEST = 60;  // seconds
const SHORT_SIDE = 360;  // pixels; networks see 256 or fewer

const happened = (target, name) => new Promise((resolve, reject) => {
  target.addEventListener(name, resolve, {once: true});
  target.addEventListener("error", () => reject(new Error("the browser cannot play it")), {once: true});
});

/** `file` from second `start` to `end`; `tell(done, of)` is called meanwhile, true ends it. */
async function cutOut(file, start, end, tell) {
  const video = document.createElement("video");
  video.muted = true;
  video.src = URL.createObjectURL(file);
  await happened(video, "loadeddata");
  if (start >= video.duration) throw new Error(`it ends before ${start} s`);
  if (start) {
    video.currentTime = start;
    await happened(video, "seeked");
  }
  const last = Math.min(end, start + LONGEST, video.duration);
  const canvas = document.createElement("canvas");
  const scale = Math.min(1, SHORT_SIDE / Math.min(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(scale * video.videoWidth);
  canvas.height = Math.round(scale * video.videoHeight);
  const pen = canvas.getContext("2d");
  const recorder = new MediaRecorder(canvas.captureStream(), {videoBitsPerSecond: 4e6});
  const parts = [], ended = happened(recorder, "stop");
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  recorder.start();
  await video.play();
  await new Promise((resolve) => {
    const draw = () => {
      pen.drawImage(video, 0, 0, canvas.width, canvas.height);
      const over = tell(video.currentTime - start, last - start);
      if (over || video.ended || video.currentTime >= last) resolve();
      else requestAnimationFrame(draw);
    };
    draw();
  });
  video.pause();
  URL.revokeObjectURL(video.src);
  recorder.stop();
  await ended;
  return new File(parts, file.name);
}
