// Shows all of the page for a picture of the whole page, as somebody sees it who scrolls through it, and puts everything
// back afterwards. The size of the view stays as it is.
// Called by `settle.js`, and by `timeline.js` to put the page back.

// The properties that we set, with the value and priority that they had.
const styledBefore = new Map();
const setStyle = (element, property, value) => {
  const before = styledBefore.get(element) || new Map([[null, element.hasAttribute("style")]]);
  styledBefore.set(element, before);
  const { style } = element;
  if (!before.has(property)) before.set(property, [style.getPropertyValue(property), style.getPropertyPriority(property)]);
  style.setProperty(property, value, "important");
};

// The scroll positions to go back to, by element; that of the page belongs to its root element.
const scrolledBefore = new Map();
const rememberScroll = (element) => {
  if (!scrolledBefore.has(element)) scrolledBefore.set(element, { left: element.scrollLeft, top: element.scrollTop });
};

// How often each of this is tried.
const MOST_PASSES = 4;

// The page's own bars stand where they are at its beginning. Returns whether the page had been scrolled. A page that scrolls
// itself back each time wins.
let timesAtBeginning = 0;
const goToBeginning = () => {
  if ((!scrollX && !scrollY) || timesAtBeginning >= MOST_PASSES) return false;
  timesAtBeginning += 1;
  rememberScroll(document.scrollingElement || document.documentElement);
  scrollTo({ left: 0, top: 0, behavior: "instant" });
  return true;
};

// Boxes that scroll hold the page if together they cover most of the view, each of them much of it. Smaller ones are parts
// of the page with a scrollbar of their own. Where the page itself scrolls, a box holds it that hides more than the page.
const MUCH_OF_VIEW = 0.1;
const MOST_OF_VIEW = 0.5;
// Where to look for it, in parts of the view.
const LOOK_AT = [1 / 6, 1 / 2, 5 / 6];
const AXES = [
  { size: "height", max: "max-height", tracks: "grid-template-rows", gap: "row-gap", start: "top", end: "bottom", overflow: "overflowY", all: "scrollHeight", shown: "clientHeight", direction: "column" },
  { size: "width", max: "max-width", tracks: "grid-template-columns", gap: "column-gap", start: "left", end: "right", overflow: "overflowX", all: "scrollWidth", shown: "clientWidth", direction: "row" },
];

const partOfView = (element) => {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  const width = Math.min(right, innerWidth) - Math.max(left, 0);
  const height = Math.min(bottom, innerHeight) - Math.max(top, 0);
  return (Math.max(0, width) * Math.max(0, height)) / (innerWidth * innerHeight);
};

// How many pixels of its content a box hides, which a person can scroll to.
const hiddenIn = (element, { all, shown, overflow }) => {
  const hidden = element[all] - element[shown];
  return hidden > 1 && /auto|scroll|overlay/.test(getComputedStyle(element)[overflow]) ? hidden : 0;
};
const hidesSomething = (element) => AXES.some((axis) => hiddenIn(element, axis));

const elementsAt = (x, y) => {
  const found = new Set();
  const look = (root) => {
    for (const element of root.elementsFromPoint(x, y)) {
      if (found.has(element)) continue;
      found.add(element);
      if (element.shadowRoot) look(element.shadowRoot);
    }
  };
  look(document);
  return found;
};

// The large boxes in view that scroll, the largest first. Fields are no part of the page.
const largeScrollers = () => {
  const around = new Set();
  for (const [x, y] of LOOK_AT.flatMap((x) => LOOK_AT.map((y) => [x, y]))) {
    for (const element of elementsAt(innerWidth * x, innerHeight * y)) {
      for (let outer = element; outer && !around.has(outer); outer = drawnIn(outer)) around.add(outer);
    }
  }
  return [...around]
    .filter((element) => !isViewport(element) && !element.matches("textarea, input, select") && hidesSomething(element))
    .map((element) => ({ element, part: partOfView(element) }))
    .filter(({ part }) => part >= MUCH_OF_VIEW)
    .sort((one, other) => other.part - one.part);
};

// Those of these boxes that hold the page, which itself hides `own` pixels.
const holdersOfPage = (scrollers, own) => {
  const holders = scrollers.filter(({ element }) => AXES.some((axis) => hiddenIn(element, axis) > own));
  const isInside = ({ element }) => holders.some((other) => other.element !== element && other.element.contains(element));
  const covered = sum(holders.filter((one) => !isInside(one)).map(({ part }) => part));
  return covered >= MOST_OF_VIEW ? holders : [];
};

const usedSize = (element, { size }) => parseFloat(getComputedStyle(element)[size]);

// Makes the track of a grid larger in which an item ends. Tracks may share their room in any way.
const growTrack = (grid, item, axis, by) => {
  const style = getComputedStyle(grid);
  const number = (text) => parseFloat(text) || 0;
  const tracks = style[axis.tracks].split(" ").map(number);
  const border = number(style[`border-${axis.start}-width`]) + number(style[`padding-${axis.start}`]);
  let left = item.getBoundingClientRect()[axis.end] - grid.getBoundingClientRect()[axis.start] - border;
  const last = tracks.findIndex((size) => (left -= size + number(style[axis.gap])) <= 0);
  if (last < 0) return;
  tracks[last] += by;
  setStyle(grid, axis.tracks, tracks.map((size) => `${size}px`).join(" "));
};

// Makes a box larger by so many pixels.
const grow = (element, axis, by) => {
  const size = usedSize(element, axis);
  if (!Number.isFinite(size)) return;
  const { position, [axis.start]: start } = getComputedStyle(element);
  const around = drawnIn(element);
  const { display, flexDirection } = around ? getComputedStyle(around) : {};
  if (/grid/.test(display) && !/absolute|fixed/.test(position)) growTrack(around, element, axis, by);
  setStyle(element, "transition", "none");
  setStyle(element, axis.max, "none");
  setStyle(element, axis.size, `${size + by}px`);
  if (/flex/.test(display) && flexDirection.startsWith(axis.direction)) setStyle(element, "flex", "none");
  if (position === "fixed" || position === "absolute") {
    setStyle(element, axis.start, start);
    setStyle(element, axis.end, "auto");
  }
  // A fixed box does not make the page longer.
  if (position === "fixed") setStyle(element, "position", "absolute");
};

// What a box hides still, because the picture would become too large.
let leftOut = 0;
const notShown = () => leftOut;

// The box, and what must grow with it: everything around it, but for what an absolute box leaves, and a fixed one.
const growingWith = (scroller) => {
  const found = [];
  for (let element = scroller; element; ) {
    found.push(element);
    const { position } = getComputedStyle(element);
    if (position === "fixed") break;
    element = drawnIn(element);
    while (position === "absolute" && element && getComputedStyle(element).position === "static") element = drawnIn(element);
  }
  return found;
};

// Makes the box, and everything around it, so much larger that it hides nothing.
const expandAxis = (scroller, axis, limit) => {
  let room = limit;
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const hidden = hiddenIn(scroller, axis);
    const by = Math.min(hidden, room);
    if (by <= 0) return;
    room -= by;
    const sizes = growingWith(scroller).map((element) => ({ element, before: usedSize(element, axis) }));
    for (const { element, before } of sizes) {
      const missing = before + by - usedSize(element, axis);
      if (missing > 0) grow(element, axis, missing);
    }
  }
};
const expand = (scroller, limit) => {
  rememberScroll(scroller);
  for (const axis of AXES) if (hiddenIn(scroller, axis)) expandAxis(scroller, axis, Math.max(0, limit - scroller[axis.shown]));
  // Now the page itself is what scrolls.
  for (const element of [document.documentElement, document.body]) if (element) setStyle(element, "overflow", "visible");
};

// A large frame whose page scrolls. It cannot be made larger: that would change what its page sizes by its view.
const largeFrame = () =>
  [...elementsAt(innerWidth / 2, innerHeight / 2)].find((element) => {
    const page = element.contentDocument && element.contentDocument.documentElement;
    return page && partOfView(element) >= MOST_OF_VIEW && page.scrollHeight > page.clientHeight + 1;
  });

// How often each box was made larger, and one that still hides something. A box that grows with its room never shows all.
const expanded = new Map();
let onlyInView = null;

// Shows what large boxes hide. Returns whether it changed the page.
const expandScrollers = (limit, named) => {
  const page = measure();
  const own = Math.max(page.pageHeight - page.height, page.pageWidth - page.width);
  let hasChanged = false;
  onlyInView = null;
  leftOut = 0;
  const isShell = own <= 1 || expanded.size > 0;
  const found = named ? [findOne(named)].filter(Boolean) : holdersOfPage(largeScrollers(), isShell ? 0 : own).map(({ element }) => element);
  for (const scroller of new Set([...expanded.keys(), ...found])) {
    const times = expanded.get(scroller) || 0;
    if (times >= MOST_PASSES || !hidesSomething(scroller)) continue;
    expanded.set(scroller, times + 1);
    expand(scroller, limit);
    hasChanged = true;
  }
  for (const scroller of expanded.keys()) {
    if (!scroller.isConnected || !hidesSomething(scroller)) continue;
    if (scroller.clientHeight >= limit) leftOut = scroller.scrollHeight - scroller.clientHeight;
    else onlyInView = nameOf(scroller);
  }
  const frame = !named && isShell && largeFrame();
  if (frame) onlyInView = nameOf(frame);
  return hasChanged;
};

// Backdrops are fixed behind or over the page and have no content of their own: they cover whatever the view shows, and
// so they cover the picture.
const COVERING = 1;
const coversView = ({ left, top, right, bottom }) =>
  left <= COVERING && top <= COVERING && right >= innerWidth - COVERING && bottom >= innerHeight - COVERING;
const isBackdrop = (element) =>
  [...element.childNodes].every((node) =>
    node.nodeType === Node.ELEMENT_NODE
      ? getComputedStyle(node).display === "none" || (coversView(node.getBoundingClientRect()) && isBackdrop(node))
      : node.nodeType !== Node.TEXT_NODE || !node.data.trim(),
  );

// Those whose colour goes on around them.
const shadowed = new Set();
const extendFixed = (element, { pageX, pageY, pageWidth, pageHeight }) => {
  const style = getComputedStyle(element);
  if (!coversView(element.getBoundingClientRect()) || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return;
  if (!element.shadowRoot && isBackdrop(element)) {
    const box = { top: `${pageY}px`, left: `${pageX}px`, bottom: "auto", right: "auto", width: `${pageWidth}px`, height: `${pageHeight}px`, transition: "none" };
    for (const property in box) setStyle(element, property, box[property]);
    for (const limit of ["max-width", "max-height"]) setStyle(element, limit, "none");
  } else if (style.backgroundColor !== "rgba(0, 0, 0, 0)" && !shadowed.has(element)) {
    // What it holds stays where it is, and only its colour goes on.
    shadowed.add(element);
    const shadow = `0 0 0 ${pageWidth + pageHeight}px ${style.backgroundColor}`;
    setStyle(element, "transition", "none");
    setStyle(element, "box-shadow", style.boxShadow === "none" ? shadow : `${style.boxShadow}, ${shadow}`);
  }
};

// Pseudo-elements that cover the view have no style of their own to set, so a style sheet does it.
const PSEUDO = ["::before", "::after"];
const coversViewAsPseudo = (element, pseudo) => {
  const { position, content, width, height, top, left } = getComputedStyle(element, pseudo);
  const number = (text) => parseFloat(text) || 0;
  return (
    position === "fixed" &&
    content !== "none" &&
    coversView({ left: number(left), top: number(top), right: number(left) + number(width), bottom: number(top) + number(height) })
  );
};
let backdropSheet = null;
const extendPseudo = (selectors, { pageX, pageY, pageWidth, pageHeight }) => {
  const box = `top: ${pageY}px !important; left: ${pageX}px !important; right: auto !important; bottom: auto !important; width: ${pageWidth}px !important;
    height: ${pageHeight}px !important; max-width: none !important; max-height: none !important; transition: none !important;`;
  const rule = selectors.map((selector) => `${selector} { ${box} }`).join("\n");
  if (!backdropSheet) {
    backdropSheet = new CSSStyleSheet();
    backdropSheet.twinshot = true;
    document.adoptedStyleSheets.push(backdropSheet);
  }
  backdropSheet.replaceSync(rule);
};

// The body, what stands in it, and one level further: elements that hold a page and may have a backdrop of that kind.
const outerElements = () => {
  const { documentElement, body } = document;
  const inner = body ? [...body.children].flatMap((element) => [element, ...element.children]) : [];
  return [documentElement, body, ...inner].filter(Boolean);
};

// What the page looked like when its backdrops were looked for.
let lookedFor = { at: -Infinity, size: "" };

// Extends everything that is fixed to the view over the whole page.
const extendBackdrops = (roots) => {
  const page = measure();
  if (page.pageWidth <= page.width && page.pageHeight <= page.height) return;
  const size = `${page.pageWidth} ${page.pageHeight}`;
  if (size === lookedFor.size && changes.last() < lookedFor.at) return;
  for (const root of roots) {
    for (const element of root.querySelectorAll("*")) {
      const { position, backgroundAttachment } = getComputedStyle(element);
      if (backgroundAttachment.includes("fixed")) setStyle(element, "background-attachment", "scroll");
      if (position === "fixed") extendFixed(element, page);
    }
  }
  const selectors = [];
  for (const element of outerElements()) {
    for (const pseudo of PSEUDO.filter((name) => coversViewAsPseudo(element, name))) {
      if (!element.hasAttribute(NAME)) element.setAttribute(NAME, "");
      selectors.push(`[${NAME}]${pseudo}`);
    }
  }
  if (document.querySelector("dialog[open], [popover]")) selectors.push(":modal::backdrop", ":popover-open::backdrop");
  if (selectors.length) extendPseudo(selectors, page);
  lookedFor = { at: performance.now(), size };
};

// Shows all of the page. Returns whether it changed the page's layout.
const showWholePage = ({ limit, scroller }) => {
  const hasScrolled = goToBeginning();
  return expandScrollers(limit, scroller) || hasScrolled;
};

const putPageBack = () => {
  for (const [element, properties] of styledBefore) {
    const hadStyle = properties.get(null);
    properties.delete(null);
    for (const [property, [value, priority]] of properties) element.style.setProperty(property, value, priority);
    if (!hadStyle && !element.getAttribute("style")) element.removeAttribute("style");
  }
  styledBefore.clear();
  if (backdropSheet) {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== backdropSheet);
    for (const element of document.querySelectorAll(`[${NAME}]`)) element.removeAttribute(NAME);
    backdropSheet = null;
  }
  for (const [element, position] of scrolledBefore) element.scrollTo({ ...position, behavior: "instant" });
  for (const known of [scrolledBefore, expanded, shadowed]) known.clear();
  lookedFor = { at: -Infinity, size: "" };
  timesAtBeginning = 0;
  onlyInView = null;
  leftOut = 0;
};
