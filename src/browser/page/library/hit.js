// The element that the pointer meets at a point of the view, and whether that is the one that is meant.
// Called by `reach.js`.

// Inside of shadow trees too. The pointer passes through what has `pointer-events: none`.
const hitAt = (page, x, y) => {
  let hit = page.elementFromPoint(x, y);
  while (hit && hit.shadowRoot) {
    const inner = hit.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner.getRootNode() !== hit.shadowRoot) break;
    hit = inner;
  }
  return hit;
};

const isWithin = (node, outer) => {
  for (let at = node; at; at = drawnIn(at)) if (at === outer) return true;
  return false;
};

// A click on a label acts on its control, but a click on a link in the label does not.
const LABEL_SKIPS = "a[href], button, input, select, textarea, summary, [contenteditable]";
const controlOf = (hit) => {
  const label = hit.closest("label");
  if (!label || !label.control) return null;
  const other = hit.closest(LABEL_SKIPS);
  return other && other !== label.control && label.contains(other) ? null : label.control;
};

const takesPointer = (element) => getComputedStyle(element).pointerEvents !== "none" && !element.closest("[inert]");

// How the pointer acts on the element where it meets `hit`: `itself`, through `another` element, or not at all.
const actsOn = (hit, element, kind) => {
  if (kind === "check" && element.localName === "label") {
    return controlOf(hit) === element.control || isWithin(hit, element.control) ? "itself" : null;
  }
  if (isWithin(hit, element)) return "itself";
  // The text of an element without a box belongs to what that lies in.
  if (hit !== element && hit === boxedAround(element)) return "itself";
  if (kind === "drag" || kind === "drop") return null;
  if (controlOf(hit) === element) return "another";
  if (element.localName === "label" && element.control && isWithin(hit, element.control)) return "another";
  if (element.localName === "option" && hit === element.closest("select")) return "itself";
  // What does not take the pointer is hovered with what it lies in.
  if (kind === "hover" && !takesPointer(element) && isWithin(element, hit)) return "another";
  return null;
};

// The frame that shows this window, unless the page around it belongs to another site.
const frameOf = (view) => {
  try {
    return view.frameElement;
  } catch {
    return null;
  }
};

const isInForeignFrame = () => {
  let view = window;
  while (view !== view.parent) {
    const frame = frameOf(view);
    if (!frame) return true;
    view = frame.ownerDocument.defaultView;
  }
  return false;
};

// What the pages around a frame show in place of this point of the frame.
const coverOfFrame = (view, x, y) => {
  const frame = frameOf(view);
  if (!frame) return null;
  const around = frame.ownerDocument.defaultView;
  const box = frame.getBoundingClientRect();
  const style = around.getComputedStyle(frame);
  const scale = { x: box.width / (frame.offsetWidth || 1), y: box.height / (frame.offsetHeight || 1) };
  const outerX = box.left + (frame.clientLeft + parseFloat(style.paddingLeft) + x) * scale.x;
  const outerY = box.top + (frame.clientTop + parseFloat(style.paddingTop) + y) * scale.y;
  const hit = hitAt(frame.ownerDocument, outerX, outerY);
  if (hit !== frame) return { hit, x: outerX, y: outerY, isAround: true };
  return coverOfFrame(around, outerX, outerY);
};

// How far the frames around this window begin left of and above their views.
const cutOfFrames = (view) => {
  const frame = frameOf(view);
  if (!frame) return { x: 0, y: 0 };
  const { left, top } = frame.getBoundingClientRect();
  const around = cutOfFrames(frame.ownerDocument.defaultView);
  return { x: around.x + Math.min(0, left), y: around.y + Math.min(0, top) };
};
