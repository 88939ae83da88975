// Makes a box that scrolls, and everything around it, so large that the box shows all it holds. The size of the view stays
// as it is.
// Called by `scrollers.js`, and by `backdrops.js` for boxes that were fixed to the view.

// How often each of this is tried.
const MOST_PASSES = 4;
const AXES = [
  { size: "height", max: "max-height", min: "min-height", tracks: "grid-template-rows", gap: "row-gap", start: "top", end: "bottom", overflow: "overflowY", open: "overflow-y", all: "scrollHeight", shown: "clientHeight", direction: "column" },
  { size: "width", max: "max-width", min: "min-width", tracks: "grid-template-columns", gap: "column-gap", start: "left", end: "right", overflow: "overflowX", open: "overflow-x", all: "scrollWidth", shown: "clientWidth", direction: "row" },
];
const [DOWN] = AXES;

const number = (text) => parseFloat(text) || 0;
// A box may be shown larger or smaller than what is around it.
const zoomOf = (element) => element.currentCSSZoom || 1;
const edgesOf = (element) => element.getBoundingClientRect();

// How many pixels of its content a box shows. In quirks mode, the browser tells those of the view in place of the body's.
const shownIn = (element, { shown, size, start, end }) => {
  if (element !== document.body || document.compatMode !== "BackCompat") return element[shown];
  const style = getComputedStyle(element);
  return edgesOf(element)[size] - number(style[`border-${start}-width`]) - number(style[`border-${end}-width`]);
};
// How many pixels of its content a box hides, which a person can scroll to.
const hiddenIn = (element, axis) => {
  const hidden = element[axis.all] - shownIn(element, axis);
  return hidden > 1 && /auto|scroll|overlay/.test(getComputedStyle(element)[axis.overflow]) ? hidden : 0;
};
const hidesSomething = (element) => AXES.some((axis) => hiddenIn(element, axis));

const usedSize = (element, { size }) => parseFloat(getComputedStyle(element)[size]);

// Boxes that were fixed to the view. A fixed box does not make the page longer.
const wereFixed = new Set();

// Makes the track of a grid larger in which an item ends. Tracks may share their room in any way.
const growTrack = (grid, item, axis, by) => {
  const style = getComputedStyle(grid);
  const tracks = style[axis.tracks].split(" ").map(number);
  const border = number(style[`border-${axis.start}-width`]) + number(style[`padding-${axis.start}`]);
  let left = edgesOf(item)[axis.end] - edgesOf(grid)[axis.start] - border;
  const last = tracks.findIndex((size) => (left -= size + number(style[axis.gap])) <= 0);
  if (last < 0) return;
  tracks[last] += by;
  setStyle(grid, axis.tracks, tracks.map((size) => `${size}px`).join(" "));
};

// Gives a box this size, whatever its surroundings would make of it.
const fixSize = (element, axis, size) => {
  setStyle(element, "transition", "none");
  setStyle(element, axis.max, "none");
  setStyle(element, axis.size, `${size}px`);
};

// Moves a placed box back to where it was on one axis, whatever it was placed by.
const placeBack = (element, axis, place) => {
  const moved = edgesOf(element)[axis.start] - place;
  if (Math.abs(moved) < 0.01) return;
  fixSize(element, axis, usedSize(element, axis));
  setStyle(element, axis.start, `${number(getComputedStyle(element)[axis.start]) - moved / zoomOf(element)}px`);
  setStyle(element, axis.end, "auto");
};

// Makes a box larger by so many pixels.
const grow = (element, axis, by) => {
  const size = usedSize(element, axis);
  if (!Number.isFinite(size)) return;
  const { position } = getComputedStyle(element);
  const isPlaced = position === "fixed" || position === "absolute";
  const around = drawnIn(element);
  const { display, flexDirection } = around ? getComputedStyle(around) : {};
  if (/grid/.test(display) && !isPlaced) growTrack(around, element, axis, by);
  const places = AXES.map(({ start }) => edgesOf(element)[start]);
  if (isPlaced) {
    setStyle(element, axis.start, getComputedStyle(element)[axis.start]);
    setStyle(element, axis.end, "auto");
  }
  fixSize(element, axis, size + by);
  if (/flex/.test(display) && flexDirection.startsWith(axis.direction)) setStyle(element, "flex", "none");
  if (position === "fixed") {
    wereFixed.add(element);
    setStyle(element, "position", "absolute");
  }
  if (isPlaced) AXES.forEach((other, index) => placeBack(element, other, places[index]));
};

// The box, and what must grow with it: everything around it, but for what an absolute box leaves, and a fixed one.
const growingWith = (scroller) => {
  const found = [];
  for (let element = scroller; element; ) {
    found.push(element);
    const { position } = getComputedStyle(element);
    if (position === "fixed" || wereFixed.has(element)) break;
    element = drawnIn(element);
    while (position === "absolute" && element && getComputedStyle(element).position === "static") element = drawnIn(element);
  }
  return found;
};

// By how much a box must grow when the one in it grew. A box no larger than the view keeps what stands behind the inner
// one, such as a bar; a larger one may have room for it.
const growthAround = ({ element, inner, before, by }, axis) => {
  const grown = usedSize(element, axis) - before;
  const own = by / zoomOf(element);
  const view = axis === DOWN ? innerHeight : innerWidth;
  if (!inner || edgesOf(element)[axis.size] - grown * zoomOf(element) <= view + 1) return own - grown;
  return Math.min(own - grown, (edgesOf(inner)[axis.end] - edgesOf(element)[axis.end]) / zoomOf(element));
};
const growAll = (elements, axis, by) => {
  const sizes = elements.map((element, index) => ({ element, inner: elements[index - 1], before: usedSize(element, axis), by }));
  for (const size of sizes) {
    const missing = growthAround(size, axis);
    if (missing > 0) grow(size.element, axis, missing);
  }
};

// What stands in a box, slotted or not.
const contentOf = (element) => {
  const tree = element.shadowRoot || element;
  const inner = element.localName === "slot" ? element.assignedElements() : [];
  return (inner.length ? inner : [...tree.children]).flatMap((child) =>
    getComputedStyle(child).display === "contents" ? contentOf(child) : [child],
  );
};
// Gives what grew with its box the size that it had. Returns whether anything had.
const shrinkBack = (sizes, axis) => {
  const grown = sizes.filter(({ element, before }) => usedSize(element, axis) > before + 1);
  for (const { element, before } of grown) {
    fixSize(element, axis, before);
    setStyle(element, axis.min, "0px");
    setStyle(element, "flex", "none");
  }
  return grown.length > 0;
};

// Makes the box, and everything around it, so much larger that it hides nothing. Returns whether it does, as far as the
// limit lets it: content may grow with its box, again and again.
const enlargeAxis = (scroller, axis, limit) => {
  const elements = growingWith(scroller);
  const sizes = contentOf(scroller).map((element) => ({ element, before: usedSize(element, axis) }));
  let room = limit;
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const by = Math.min(hiddenIn(scroller, axis), room);
    if (by <= 0) return true;
    room -= by;
    growAll(elements, axis, by * zoomOf(scroller));
    if (hiddenIn(scroller, axis)) shrinkBack(sizes, axis);
  }
  return room <= 0 || !hiddenIn(scroller, axis);
};

// Now the page itself is what scrolls. A body that holds the box without growing with it cuts nothing off.
const openPage = (axis, around) => {
  const { body } = document;
  const giver = scrollStyleOfView();
  if (/hidden|clip/.test(getComputedStyle(giver)[axis.overflow])) setStyle(giver, axis.open, "auto");
  if (!body || giver === body || around.includes(body)) return;
  const { position, overflow } = getComputedStyle(body);
  if (position !== "static" && overflow !== "visible") setStyle(body, "overflow", "visible");
};

// Makes a box so large that it hides nothing. Returns whether it does; if not, everything is as it was.
const enlarge = (scroller, limit) => {
  rememberScroll(scroller);
  const axes = AXES.filter((axis) => hiddenIn(scroller, axis));
  const around = [...growingWith(scroller), ...contentOf(scroller)];
  const isWhole = axes.every((axis) => enlargeAxis(scroller, axis, Math.max(0, limit - shownIn(scroller, axis))));
  if (isWhole) axes.forEach((axis) => openPage(axis, around));
  else putStylesBack(around);
  return isWhole;
};
