// Brings an element to a place of the view where nothing covers it, and says at which point the pointer can act on it.
// Called from `act/reach.rs`, which puts it and the files that it needs before its script.

const MOST_BOXES = 8;
// Parts of a box: its centre first, where people point.
const PARTS = [
  [0.5, 0.5],
  [0.25, 0.25],
  [0.75, 0.25],
  [0.25, 0.75],
  [0.75, 0.75],
  [0.5, 0.25],
  [0.5, 0.75],
  [0.25, 0.5],
  [0.75, 0.5],
  [0.1, 0.5],
  [0.9, 0.5],
  [0.5, 0.1],
  [0.5, 0.9],
];

// The parts of the element's boxes that are in view: an inline element has one box for each of its lines.
const boxesInView = (element) =>
  [...element.getClientRects()].slice(0, MOST_BOXES).flatMap(({ left, top, right, bottom }) => {
    const box = {
      left: Math.max(0, Math.min(left, right)),
      top: Math.max(0, Math.min(top, bottom)),
      right: Math.min(innerWidth, Math.max(left, right)),
      bottom: Math.min(innerHeight, Math.max(top, bottom)),
    };
    return box.right > box.left && box.bottom > box.top ? [box] : [];
  });

// Points of the element, first the one to which WebDriver moves the pointer.
const pointsOf = (element) =>
  boxesInView(element).flatMap(({ left, top, right, bottom }) =>
    PARTS.map(([x, y]) => ({ x: Math.floor(left + (right - left) * x), y: Math.floor(top + (bottom - top) * y) })),
  );

const describeCover = ({ hit, x, y, isAround = false }, element) => ({
  name: hit ? nameOf(hit) : null,
  text: hit ? collapse(hit.innerText || hit.textContent).slice(0, 60) : "",
  x: Math.round(x),
  y: Math.round(y),
  around: isAround,
  // The pointer passes through the element.
  through: !takesPointer(element),
});

// Where the pointer can act on one of these elements, or what covers the first of them.
const pointOn = (elements, { kind, held, ignore }) => {
  let cover = null;
  const isDragged = ({ width, height }) => held && width <= held.width && height <= held.height;
  for (const element of elements) {
    const points = pointsOf(element);
    for (const { x, y } of points) {
      const hit = hitAt(document, x, y);
      let acts = hit && actsOn(hit, element, kind);
      if (!acts && hit && (ignore?.some((other) => isWithin(hit, other)) || isDragged(hit.getBoundingClientRect()))) acts = "itself";
      const outer = acts ? coverOfFrame(window, x, y) : { hit, x, y };
      if (!outer) {
        const [centre] = points;
        const isPlain = acts === "itself" && x === centre.x && y === centre.y;
        const { width, height } = element.getBoundingClientRect();
        const offset = { x: x - centre.x, y: y - centre.y, cut: cutOfFrames(window) };
        return { free: { element, ...offset, plain: isPlain, itself: acts === "itself", width, height } };
      }
      cover ??= describeCover(outer, element);
    }
  }
  return { cover };
};

// Everything that scrolls an element, with its scroll position: also the pages around its frame.
const scrollersOf = (element) => {
  const found = [];
  for (let at = element; at; at = drawnIn(at)) found.push(at);
  const view = element.ownerDocument.defaultView;
  const root = element.ownerDocument.scrollingElement;
  if (root && !found.includes(root)) found.push(root);
  const frame = frameOf(view);
  return frame ? [...found, ...scrollersOf(frame)] : found;
};

const scrollPositions = (element) => scrollersOf(element).map((at) => [at, at.scrollLeft, at.scrollTop]);

const scrollBack = (positions) => {
  for (const [at, left, top] of positions) {
    if (at.scrollLeft !== left || at.scrollTop !== top) at.scrollTo({ left, top, behavior: "instant" });
  }
};

const EDGES = ["nearest", "center", "start", "end"];
const PLACES = EDGES.flatMap((inline) => EDGES.map((block) => ({ block, inline, behavior: "instant" })));

// Nothing of the page runs while the places are tried: if none is free, the page does not notice it.
const tryPlaces = (element, find, { turn, asItIs }) => {
  const original = scrollPositions(element);
  if (!asItIs) element.scrollIntoView(PLACES[0]);
  const before = scrollPositions(element);
  const first = find();
  if (first.free) return { ...first, moved: before.some(([, left, top], index) => left !== original[index][1] || top !== original[index][2]) };
  // A page that moves a bar when it is scrolled gets another place in the next turn.
  const skipped = turn % PLACES.length;
  for (const place of [...PLACES.slice(skipped), ...PLACES.slice(0, skipped)]) {
    element.scrollIntoView(place);
    const found = find();
    if (found.free) return { ...found, moved: true };
  }
  scrollBack(before);
  return first;
};

// Resolves after the page has drawn two frames, and thereby run what it does when it is scrolled.
const framesDrawn = () => {
  let timer;
  const frame = () => new Promise((done) => requestAnimationFrame(() => done()));
  const soon = new Promise((done) => (timer = setTimeout(done, 100)));
  return Promise.race([frame().then(frame), soon]).finally(() => clearTimeout(timer));
};

// Elements that are hidden on purpose, because another one stands for them: a list or a file field in a widget.
const isStoodFor = (element) => {
  const { width, height, right, bottom } = element.getBoundingClientRect();
  const isTiny = width < 4 || height < 4;
  const isOutside = right + scrollX <= 0 || bottom + scrollY <= 0;
  const style = getComputedStyle(element);
  const isClipped = style.clip !== "auto" || style.clipPath.startsWith("inset(");
  return !canBeSeen(element) || isTiny || isOutside || isClipped || !element.checkVisibility({ opacityProperty: true }) || style.pointerEvents === "none";
};

// What a person clicks to check a box: its label where the box itself is hidden on purpose.
const boxAndLabels = (box) => {
  const labels = [...(box.labels || [])];
  return isStoodFor(box) && labels.some(canBeSeen) ? labels : [box, ...labels];
};

// `kind`: `press`, `hover`, `drag`, `check` (a label of the box will do) or `field` (a field that a script fills).
// `asItIs`: an element that is partly in view is not moved. `turn` counts the attempts. `held` is the size of what the
// pointer drags, and `ignore` are elements that cannot cover.
const reach = async (element, options = {}) => {
  const { kind = "press", asItIs = false, turn = 0 } = options;
  if (kind === "field" && isStoodFor(element)) return { free: { element, x: 0, y: 0, plain: true } };
  const elements = (kind === "check" ? boxAndLabels(element) : [element]).filter(canBeSeen);
  if (!elements.length) return { hidden: true };
  const find = () => pointOn(elements, options);
  const found = tryPlaces(elements[0], find, { turn, asItIs });
  if (!found.moved) return found;
  await framesDrawn();
  return find();
};

// The same for the two ends of a drag, which must be in view together.
const reachBoth = async (start, end, { turn = 0 } = {}) => {
  if (!canBeSeen(start)) return { hidden: true };
  if (!canBeSeen(end)) return { hidden: true, isEnd: true };
  const find = () => {
    const from = pointOn([start], { kind: "drag" });
    if (!from.free) return from;
    const to = pointOn([end], { kind: "drag", ignore: [start] });
    return to.free ? { free: [from.free, to.free] } : { ...to, isEnd: true };
  };
  let found = tryPlaces(start, find, { turn, asItIs: false });
  if (!found.free) found = tryPlaces(end, find, { turn, asItIs: true });
  if (!found.moved) return found;
  await framesDrawn();
  return find();
};

// Whether the pointer is on the element.
const isHovered = async (element) => {
  if (!element.matches(":hover")) await framesDrawn();
  return element.matches(":hover");
};
