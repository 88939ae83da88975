// Lets the browser divide the page into layers anew. Chromium may keep a division from the time when the page was built, and
// the dots of a gradient and the edges on it depend on where its layer begins.
// Called from `shoot/held.rs`.

const redraw = async () => {
  const root = document.documentElement;
  const { opacity } = getComputedStyle(root);
  // What is animated so has a layer of its own.
  const animation = root.animate({ opacity: [opacity, opacity] }, 60000);
  await nextFrames();
  animation.cancel();
};
