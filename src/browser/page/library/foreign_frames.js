// Frames of other sites, which we may not look into. `preload/foreign_frames.js` stills each of them.
// Called by `settle.js` and `timeline.js`, and from `shoot/held.rs` as `foreignFrames`.

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

// How the frames of other sites in the document are found, and their addresses.
const foreignFrames = () =>
  [...document.querySelectorAll("iframe[src]")]
    .filter((frame) => !frame.contentDocument)
    .map((frame) => ({ selector: `iframe[src="${CSS.escape(frame.getAttribute("src"))}"]`, url: frame.src }));
