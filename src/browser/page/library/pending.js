// What keeps the page from standing still.
// Called by `settle.js` and `scroll_through.js`.

// A page that always has a request open is waited for once, for so long.
const REQUESTS_MS = 5000;
let alwaysHasRequests = false;

// The kinds of things that the page is still busy with, how many of each, and the words for it.
const stillPending = ({ tree, wholePage, parts, waitForRequests }) => {
  const pending = [];
  const add = (kind, count, words) => pending.push({ kind, count, words });
  if (document.readyState !== "complete") add("document", 1, `the document is ${document.readyState}`);
  if (parts.fonts && hasPendingFonts(document)) add("fonts", 1, "fonts are loading");
  if (parts.images) {
    const images = pendingImages(tree.images, wholePage);
    if (images.length) add("images", images.length, `${images.length} images are loading, such as ${images[0].currentSrc || images[0].src}`);
    const frames = pendingFrames(tree.frames, wholePage);
    if (frames.length) add("images", frames.length, `${frames.length} frames are loading, such as ${frames[0].src}`);
  }
  if (parts.requests && waitForRequests) {
    const requests = sum(askAll("count-requests"));
    if (requests) add("requests", requests, `${requests} requests of scripts are not answered`);
  }
  if (parts.animations) {
    const moving = sum(tree.everyRoot.map(stopAnimations)) + stopVideos(tree.videos);
    if (moving) tellAll("stop-animations");
    const transitions = tree.everyRoot.filter(isInTransition).length;
    if (transitions) add("animations", transitions, "a view transition has not ended");
    if (moving) add("animations", moving, `${moving} animations start anew each time they are finished`);
  }
  return pending;
};
