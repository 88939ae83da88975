// Hides from the page that its endless animations go back to their beginning for a picture.
// Told by `library/animations.js`.
let timesStopped = 0;
let areAnimationsStopped = false;
onMessage("stop-animations", () => {
  timesStopped += 1;
  areAnimationsStopped = true;
});
// The browser sends the events of the way back with its next frame.
const afterTwoFrames = (callback) => call(requestFrame, window, () => call(requestFrame, window, callback));
onMessage("release", () => {
  const times = timesStopped;
  if (areAnimationsStopped) afterTwoFrames(() => (areAnimationsStopped &&= times !== timesStopped));
});
listen(window, "animationiteration", (event) => areAnimationsStopped && call(stopImmediately, event), true);
