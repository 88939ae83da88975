// Frames of other sites, which we may not look into. `preload/foreign_frames.js` stills each of them.
// Called by `settle.js`, `scrollers.js` and `timeline.js`.

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

// How long such a window may take to answer.
const FOREIGN_MS = 300;
// Resolves to the number that such a window answers, or to null. Only it can read the question and only we the answer.
const askForeign = (view, question) =>
  new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => done(asNumber(data));
    view.postMessage(`${NAME}-${question}`, "*", [port2]);
    setTimeout(() => done(null), FOREIGN_MS);
  });
