// Stills this window for a picture, and tells how much it hides, where it belongs to another site than the page, so that
// the library cannot reach it.
// Only events that the page's own window sends are listened to.
// Told by `library/foreign_frames.js`.
const readData = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data").get;
const readSource = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "source").get;
const readPorts = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "ports").get;
const postToPort = MessagePort.prototype.postMessage;
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
// How many pixels the document, or a box over half of its view, hides below what is in view.
const hiddenBelow = () => {
  const { scrollingElement, documentElement, body } = document;
  const overflowIn = (element) => (element ? getComputedStyle(element).overflowY : "");
  const isCutOff = /hidden|clip/.test(overflowIn(documentElement) + overflowIn(body));
  const hides = (element) => (element === scrollingElement ? !isCutOff : /auto|scroll|overlay/.test(overflowIn(element)));
  let most = 0;
  for (const root of rootsOf(document)) {
    for (const element of root.querySelectorAll("*")) {
      const hidden = element.scrollHeight - element.clientHeight;
      const isLarge = element.clientWidth * element.clientHeight * 2 >= innerWidth * innerHeight;
      if (hidden > most && isLarge && hides(element)) most = hidden;
    }
  }
  return most;
};
const tellHidden = (event) => {
  const ports = call(readPorts, event);
  if (ports.length) call(postToPort, ports[0], hiddenBelow());
};
const FOREIGN_MESSAGES = {
  __proto__: null,
  [`${NAME}-stop`]: stopEverything,
  [`${NAME}-hold`]: hold,
  [`${NAME}-release`]: playEverything,
  [`${NAME}-count-hidden`]: tellHidden,
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
      handle(event);
    },
    true,
  );
}
