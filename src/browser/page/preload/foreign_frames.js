// Stills this window for a picture where it belongs to another site than the page, so that the library cannot reach it.
// Only events that the page's own window sends are listened to.
// Told by `library/foreign_frames.js`.
const readData = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data").get;
const readSource = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "source").get;
const pageWindow = window.top;
const tellOwn = (message) => call(dispatch, window, new OriginalEvent(`${NAME}-${message}`));

const stopEverything = () => {
  const roots = rootsOf(document);
  tellOwn("stop-animations");
  for (const root of roots) {
    stopPartsIn(root);
    stopAnimations(root);
    stopVideos(root.querySelectorAll("video"));
  }
  return bringToEnd();
};
const playEverything = () => {
  tellOwn("release");
  playAnimations();
  playParts();
  playVideos();
};
const FOREIGN_MESSAGES = {
  __proto__: null,
  [`${NAME}-stop`]: stopEverything,
  [`${NAME}-hold`]: hold,
  [`${NAME}-release`]: playEverything,
};
if (window !== pageWindow) {
  listen(
    window,
    "message",
    (event) => {
      const data = call(readData, event);
      const handle = typeof data === "string" && call(readSource, event) === pageWindow && FOREIGN_MESSAGES[data];
      if (!handle) return;
      call(stopImmediately, event);
      handle();
    },
    true,
  );
}
