// Frames of other sites, which we may not look into. `preload/foreign_frames.js` stills each of them.
// Called by `settle.js` and `timeline.js`.

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
