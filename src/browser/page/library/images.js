// Images, fonts and frames that are still loading. A picture of the whole page also needs those that the browser would
// load only near the view.
// Called by `settle.js`.
// The edges of an element in the view of its own window; none if it lies outside of it.
const edgesInOwnView = (element) => {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  const { innerWidth: width, innerHeight: height } = element.ownerDocument.defaultView;
  if (bottom <= 0 || right <= 0 || top >= height || left >= width) return null;
  return { left: Math.max(left, 0), top: Math.max(top, 0), right: Math.min(right, width), bottom: Math.min(bottom, height) };
};
// Whether a part of an element is in the page's view, also in a frame.
const isInView = (element) => {
  let edges = edgesInOwnView(element);
  for (let view = element.ownerDocument.defaultView; edges && view !== window; view = view.parent) {
    const frame = view.frameElement.getBoundingClientRect();
    const { left, top, right, bottom } = edges;
    const isOutside = bottom + frame.top <= 0 || right + frame.left <= 0 || top + frame.top >= view.parent.innerHeight || left + frame.left >= view.parent.innerWidth;
    edges = isOutside ? null : { left: left + frame.left, top: top + frame.top, right: right + frame.left, bottom: bottom + frame.top };
  }
  return edges !== null;
};
// Whether a picture can show the image. One of the whole page shows frames as they are.
const mayBeInPicture = (image, wholePage) =>
  wholePage ? image.ownerDocument === document || edgesInOwnView(image) !== null : isInView(image);

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

// How long we wait for a font.
const FONT_MS = 5000;
// Since when we wait for each face.
const awaitedFonts = new WeakMap();
const loadingFonts = ({ fonts }) => [...fonts].filter(({ status }) => status === "loading");
const isLateFont = (face) => performance.now() > (awaitedFonts.get(face) ?? Infinity) + FONT_MS;
const lateFonts = (document) => loadingFonts(document).filter(isLateFont);

// Whether a font is loading that was not waited for in vain.
const hasPendingFonts = ({ fonts }) => {
  if (fonts.status === "loaded") return false;
  const loading = loadingFonts({ fonts });
  for (const face of loading) if (!awaitedFonts.has(face)) awaitedFonts.set(face, performance.now());
  return !loading.length || !loading.every(isLateFont);
};

const pendingImages = (images, wholePage) =>
  images.filter((image) => {
    if (!mayBeInPicture(image, wholePage) || !image.checkVisibility()) return false;
    if (wholePage && image.loading === "lazy" && !image.complete) image.loading = "eager";
    return !image.complete && !isOverdue(image);
  });

// The frames that were seen loading, each with the time until which we wait for it.
const loadingFrames = new WeakMap();
const FRAME_MS = 5000;

// Whether a frame that a person can see has not got its document yet. A frame of another site has one as soon as its
// document is hidden from us.
const isLoadingFrame = (frame) => {
  const inner = frame.contentDocument;
  if (!inner || !frame.checkVisibility({ visibilityProperty: true }) || frame.offsetWidth * frame.offsetHeight < 100) return false;
  return inner.readyState === "loading" || (inner.URL === "about:blank" && /^https?:/.test(frame.src));
};

// Lazy frames load when a picture shows the whole page.
const pendingFrames = (frames, wholePage) =>
  frames.filter((frame) => {
    const isLazy = frame.loading === "lazy" && !isInView(frame);
    if (isLazy && !wholePage) return false;
    if (isLazy && frame.checkVisibility()) frame.loading = "eager";
    if (!isLoadingFrame(frame)) return false;
    if (!loadingFrames.has(frame)) loadingFrames.set(frame, performance.now() + FRAME_MS);
    return performance.now() < loadingFrames.get(frame);
  });

// Whether the frame was waited for in vain.
const isLateFrame = (frame) => performance.now() >= (loadingFrames.get(frame) ?? Infinity) && isLoadingFrame(frame);

// A loaded image is drawn only once it is decoded.
const decodeImages = (images, wholePage) =>
  Promise.all(
    images
      .filter((image) => image.complete && image.naturalWidth > 0 && mayBeInPicture(image, wholePage))
      .map((image) => image.decode().catch(() => {})),
  );
