// Images and frames that are still loading. A picture of the whole page also needs those that the browser would
// load only near the view.
// Called by `settle.js`.
const isInView = (image) => {
  const box = image.getBoundingClientRect();
  return box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
};

// How long we wait for an image; `ARRIVAL_BUDGET` in `pending_resources.rs` comes after it.
const IMAGE_MS = 5000;
// Which source of each image we wait for, and since when.
const awaitedImages = new WeakMap();

// Whether the image was waited for in vain.
const isOverdue = (image) => {
  const source = image.currentSrc || image.src;
  const known = awaitedImages.get(image);
  if (known && known.source === source) return performance.now() > known.since + IMAGE_MS;
  awaitedImages.set(image, { source, since: performance.now() });
  return false;
};

const pendingImages = (images, wholePage) =>
  images.filter((image) => {
    if (!(wholePage || isInView(image)) || !image.checkVisibility()) return false;
    if (wholePage && image.loading === "lazy" && !image.complete) image.loading = "eager";
    return !image.complete && !isOverdue(image);
  });

// Lazy frames that were told to load, each with the time until which we wait for it.
const lazyFrames = new Map();
const FRAME_MS = 5000;

const pendingFrames = (frames) =>
  frames.filter((frame) => {
    if (frame.loading === "lazy" && frame.checkVisibility()) {
      frame.loading = "eager";
      const isBlank = frame.contentDocument && frame.contentDocument.URL === "about:blank";
      if (isBlank && frame.src) {
        lazyFrames.set(frame, performance.now() + FRAME_MS);
        frame.addEventListener("load", () => lazyFrames.delete(frame), { once: true });
      }
    }
    return performance.now() < lazyFrames.get(frame);
  });

// A loaded image is drawn only once it is decoded.
const decodeImages = (images, wholePage) =>
  Promise.all(
    images
      .filter((image) => image.complete && image.naturalWidth > 0 && (wholePage || isInView(image)))
      .map((image) => image.decode().catch(() => {})),
  );
