// Frames of other sites, which we may not look into. `preload/foreign_frames.js` stills each of them.
// Called by `settle.js` and `timeline.js`.

// A smaller frame is there for its script.
const LEAST_FRAME = 10;

// The windows of other sites, also those inside one another.
const foreignWindows = () => {
  const reachable = new Set(reachableWindows());
  const all = [window];
  for (let index = 0; index < all.length; index += 1) {
    for (let frame = 0; frame < all[index].length; frame += 1) all.push(all[index][frame]);
  }
  return all.filter((view) => !reachable.has(view));
};
const tellForeign = (message) => foreignWindows().forEach((view) => view.postMessage(`${NAME}-${message}`, "*"));

// The frames of other sites that the picture shows and that are out of view, where Chromium paints none.
const foreignFramesOutOfView = (area) => {
  if (!foreignWindows().length) return [];
  const isForeign = (frame) => frame.contentWindow && !frame.contentDocument;
  const isLarge = ({ clientWidth, clientHeight }) => Math.min(clientWidth, clientHeight) >= LEAST_FRAME;
  const frames = reachableWindows().flatMap(({ document }) => rootsOf(document).flatMap((root) => [...root.querySelectorAll("iframe, frame")]));
  return frames.filter((frame) => isForeign(frame) && isLarge(frame) && isPictured(frame, area) && !isInView(frame)).map(nameOf);
};
