// The stage: a shot's pictures in one of several views, with zoom, synchronised scroll and region jumps.

const VIEWS = {
  side: { name: "Side by side", key: "s", needs: SIDES },
  overlay: { name: "Overlay", key: "d", needs: ["overlay"] },
  swipe: { name: "Swipe", key: "w", needs: SIDES, range: "Where the baseline ends and the candidate begins" },
  onion: { name: "Onion", key: "o", needs: SIDES, range: "How opaque the candidate is" },
  blink: { name: "Blink", key: "b", needs: SIDES },
  baseline: { name: "Baseline", key: "←", needs: ["baseline"] },
  candidate: { name: "Candidate", key: "→", needs: ["candidate"] },
};
const PAPERS = ["white", "dark", "checks"];
const ZOOM_STEPS = [0.1, 0.25, 0.33, 0.5, 0.67, 0.75, 1, 1.5, 2, 3, 4, 6, 8];
const BLINK_MS = 500;
// Above a region this near to the top its number would be cut off, so it stands inside.
const LABEL_ROOM = 40;

const stage = {
  node: null,
  shot: null,
  view: null,
  // "fit" means the pane's width, at most 100 %.
  zoom: "fit",
  region: -1,
  blinkTimer: null,
  paper: PAPERS[0],
  boxes: true,
  resize: new ResizeObserver(() => stage.zoom === "fit" && applyZoom()),
};

// What is known about the pictures.

function canvasSize(shot) {
  const sizes = SIDES.map((side) => shot.pictures[side]?.size).filter(Boolean);
  return {
    width: Math.max(1, ...sizes.map(([width]) => width)),
    height: Math.max(1, ...sizes.map(([, height]) => height)),
  };
}

function fileOf(shot, layer) {
  return layer === "overlay" ? shot.overlay : shot.pictures[layer]?.file;
}

const viewsOf = (shot) =>
  Object.keys(VIEWS).filter((view) => VIEWS[view].needs.every((layer) => fileOf(shot, layer)));

function preferredView(shot) {
  const views = viewsOf(shot);
  const wishes = [state.view, shot.verdict === "match" ? "side" : "overlay", "side", "candidate", "baseline"];
  return wishes.find((view) => views.includes(view)) ?? null;
}

// Building it.

function renderStage(shot) {
  stopBlinking();
  stage.resize.disconnect();
  Object.assign(stage, { shot, zoom: "fit", region: -1, view: preferredView(shot) });
  stage.node = el("div", { class: "stage", "data-paper": stage.paper, "data-boxes": String(stage.boxes) });
  stage.node.addEventListener("click", returnFocus);
  if (stage.view) buildStage();
  return stage.node;
}

// Once it stands in the page its panes have a width: go straight to the largest change.
function stageShown() {
  if (!stage.view) return;
  applyZoom();
  if (stage.shot.regions.length > 0) showRegion(0, { zoom: false, smooth: false });
}

function buildStage() {
  const { view, shot } = stage;
  stopBlinking();
  stage.node.dataset.view = view;
  stage.node.replaceChildren(toolbar(), regionBar() ?? "", rangeBar() ?? "", el("div", { class: "panes" }, panesOf(view).map(pane)));
  stage.resize.disconnect();
  stage.resize.observe(stage.node.querySelector(".pane"));
  setSplit(usefulSplit());
  if (view === "blink") startBlinking();
  announce(`${VIEWS[view].name}: ${shot.title}`);
}

const panesOf = (view) => (view === "side" ? SIDES.map((side) => [side]) : [VIEWS[view].needs]);

// A mouse click on a button must not steal Space and the arrows from the picture; a key press on it may.
function returnFocus(event) {
  if (event.detail > 0 && event.target.closest("button")) {
    stage.node.querySelector(".pane").focus({ preventScroll: true });
  }
}

function setView(view) {
  if (!stage.view || !viewsOf(stage.shot).includes(view)) return;
  const centre = viewCentre();
  const pressed = document.activeElement?.closest(".segments");
  stage.view = view;
  state.view = view;
  buildStage();
  applyZoom();
  centreOn(centre);
  markCurrentRegion();
  writeAddress();
  // The pressed button was rebuilt: a keyboard must find it again.
  if (pressed) stage.node.querySelector(".segments [aria-pressed=true]").focus();
}

function toolbar() {
  const views = viewsOf(stage.shot).map((view) => toolButton(VIEWS[view].name, VIEWS[view].key, () => setView(view), view === stage.view));
  return el("div", { class: "toolbar" },
    el("div", { class: "segments", role: "group", "aria-label": "View" }, views),
    el("div", { class: "tools", role: "group", "aria-label": "Zoom" },
      toolButton("Fit", "0", () => setZoom("fit")),
      toolButton("−", "-", () => stepZoom(-1), null, "Zoom out"),
      el("output", { class: "zoom-value", "aria-label": "Zoom" }),
      toolButton("+", "+", () => stepZoom(1), null, "Zoom in"),
      toolButton("100 %", "1", () => setZoom(1))),
    el("div", { class: "tools", role: "group", "aria-label": "Look" },
      toolButton("Boxes", "r", toggleBoxes, stage.boxes, "Boxes of regions and masks"),
      stage.view === "overlay" ? toolButton("Paper", "", nextPaper, null, "Change the paper under the overlay") : null));
}

function toolButton(text, key, click, pressed = null, label = null) {
  return el("button", {
    type: "button",
    class: "tool",
    title: `${label ?? text}${key ? ` (${key})` : ""}`,
    "aria-label": label,
    "aria-pressed": pressed === null ? null : String(pressed),
    click,
  }, text);
}

function regionBar() {
  const { regions } = stage.shot;
  if (regions.length === 0) return null;
  const chips = regions.slice(0, 60).map((region, index) =>
    el("button", { type: "button", class: "region-chip", "data-region": index, title: regionTitle(region), click: () => showRegion(index) },
      `${index + 1}`, el("span", { class: "muted" }, ` ${region.width}×${region.height}`)));
  return el("div", { class: "region-bar", role: "group", "aria-label": "Regions, the largest first" },
    toolButton("‹", "p", () => stepRegion(-1), null, "Previous region"),
    el("span", { class: "region-count" }, plural(regions.length, "region")),
    toolButton("›", "n", () => stepRegion(1), null, "Next region"),
    el("div", { class: "region-chips" }, chips));
}

const regionTitle = (region) =>
  `${plural(region.mismatched_pixels, "mismatched pixel")} in ${region.width} × ${region.height} at ${region.x}, ${region.y}`;

function rangeBar() {
  const { range } = VIEWS[stage.view];
  if (stage.view === "blink") return blinkBar();
  if (!range) return null;
  const input = el("input", { type: "range", min: 0, max: 100, step: 0.5, value: 50, "aria-label": range, input: () => setSplit(input.value) });
  return el("div", { class: "range-bar" }, el("span", {}, "baseline"), input, el("span", {}, "candidate"));
}

function blinkBar() {
  return el("div", { class: "range-bar" },
    el("button", { type: "button", class: "tool blink-toggle", click: toggleBlinking }, "Pause"),
    el("b", { class: "blink-side" }),
    el("span", { class: "muted" }, "Hold Space for the candidate, let go for the baseline."));
}

function pane(layers) {
  const { shot } = stage;
  const canvas = sized(el("div", { class: "canvas" }, layers.map(layer), boxesOf(shot)), canvasSize(shot));
  if (stage.view === "swipe") canvas.append(el("div", { class: "divider", "aria-hidden": "true" }));
  const view = el("div", { class: "pane", tabindex: 0, role: "group", "aria-label": paneLabel(layers), scroll: syncScroll, pointerdown: startDrag }, canvas);
  return el("div", { class: "pane-frame" }, el("p", { class: "pane-caption" }, paneCaption(layers)), view);
}

function sized(canvas, { width, height }) {
  canvas.style.setProperty("--canvas-w", width);
  canvas.style.setProperty("--canvas-h", height);
  return canvas;
}

function paneLabel(layers) {
  return `${layers.join(" and ")} of ${stage.shot.title}: ${stage.shot.reason}`;
}

function paneCaption(layers) {
  if (layers[0] === "overlay") return ["overlay ", el("span", { class: "muted" }, "mismatched pixels are red, anti-aliased ones yellow")];
  return layers.flatMap((side, index) => [
    index > 0 ? " · " : null,
    `${side} `,
    el("span", { class: "muted" }, `${report.run.environments[side].name}, ${sizeText(stage.shot.pictures[side].size)}`),
  ]);
}

function layer(name) {
  const { shot } = stage;
  const size = canvasSize(shot);
  const [width, height] = name === "overlay" ? [size.width, size.height] : shot.pictures[name].size;
  const image = el("img", { src: fileOf(shot, name), alt: `${name} of ${shot.title}, ${shot.where}: ${shot.reason}`, draggable: "false", decoding: "async" });
  return el("div", { class: `layer layer-${name}` }, place(image, { width, height }));
}

function boxesOf(shot) {
  const regions = shot.regions.map((region, index) =>
    place(el("div", { class: region.y < LABEL_ROOM ? "box at-top" : "box", "data-region": index }, el("span", {}, `${index + 1}`)), region));
  const masks = (shot.comparison?.masks ?? []).flatMap((mask) =>
    mask.boxes.map((box) => place(el("div", { class: "mask", title: `mask ${mask.selector}` }), box)));
  return [...masks, ...regions];
}

// Zoom.

const firstPane = () => stage.node.querySelector(".pane");

function fitScale() {
  return Math.min(1, firstPane().clientWidth / canvasSize(stage.shot).width);
}

const scale = () => (stage.zoom === "fit" ? fitScale() : stage.zoom);

function applyZoom() {
  const value = scale();
  stage.node.style.setProperty("--scale", value);
  stage.node.classList.toggle("pixelated", value >= 2 && Number.isInteger(value));
  stage.node.querySelector(".zoom-value").textContent = `${Math.round(value * 100)} %`;
}

function setZoom(zoom) {
  if (!stage.view) return;
  const centre = viewCentre();
  stage.zoom = zoom;
  applyZoom();
  centreOn(centre);
}

function stepZoom(direction) {
  if (!stage.view) return;
  const now = scale();
  const steps = direction > 0 ? ZOOM_STEPS : [...ZOOM_STEPS].reverse();
  const next = steps.find((step) => (direction > 0 ? step > now * 1.01 : step < now * 0.99));
  if (next) setZoom(next);
}

// The picture's point in the middle of the pane, in picture pixels.
function viewCentre() {
  const view = firstPane();
  const value = scale();
  return { x: (view.scrollLeft + view.clientWidth / 2) / value, y: (view.scrollTop + view.clientHeight / 2) / value };
}

function centreOn({ x, y }, { smooth = false } = {}) {
  const view = firstPane();
  const value = scale();
  view.scrollTo({
    left: x * value - view.clientWidth / 2,
    top: y * value - view.clientHeight / 2,
    behavior: smooth && !reducedMotion() ? "smooth" : "instant",
  });
}

// All canvases have the same size, so equal offsets show equal places.
function syncScroll(event) {
  const source = event.currentTarget;
  for (const other of stage.node.querySelectorAll(".pane")) {
    if (other === source) continue;
    if (Math.abs(other.scrollTop - source.scrollTop) > 1) other.scrollTop = source.scrollTop;
    if (Math.abs(other.scrollLeft - source.scrollLeft) > 1) other.scrollLeft = source.scrollLeft;
  }
}

// Regions.

function stepRegion(direction) {
  const count = stage.shot?.regions.length ?? 0;
  if (count > 0 && stage.view) showRegion((stage.region + direction + count) % count);
}

function showRegion(index, { zoom = true, smooth = true } = {}) {
  const region = stage.shot.regions[index];
  stage.region = index;
  if (zoom) {
    stage.zoom = readableZoom(region);
    applyZoom();
  }
  centreOn(regionFocus(region), { smooth });
  if (stage.view === "swipe") setSplit(usefulSplit());
  markCurrentRegion();
  flashRegion();
  if (zoom) announce(`Region ${index + 1} of ${stage.shot.regions.length}: ${regionTitle(region)}`);
}

// As large as the region fits, between the whole width and 100 %, or what the reader chose beyond that.
function readableZoom(region) {
  const view = firstPane();
  const fitting = Math.min((view.clientWidth * 0.8) / region.width, (view.clientHeight * 0.8) / region.height);
  const fit = fitScale();
  const wanted = Math.max(1, stage.zoom === "fit" ? 1 : stage.zoom);
  const zoom = Math.min(wanted, fitting);
  return zoom <= fit ? "fit" : zoom;
}

// The middle of a region, or its upper part when it is taller than the pane.
function regionFocus(region) {
  const seen = firstPane().clientHeight / scale();
  const height = Math.min(region.height, seen * 0.8);
  return { x: region.x + region.width / 2, y: region.y + height / 2 };
}

function markCurrentRegion() {
  for (const node of stage.node.querySelectorAll("[data-region]")) {
    const isCurrent = Number(node.dataset.region) === stage.region;
    node.classList.toggle("current", isCurrent);
    if (node.matches("button")) node.setAttribute("aria-current", String(isCurrent));
    if (isCurrent && node.matches(".region-chip")) node.parentElement.scrollLeft = node.offsetLeft - node.parentElement.offsetLeft - 40;
  }
}

function flashRegion() {
  for (const box of stage.node.querySelectorAll(".box.current")) {
    box.classList.remove("flash");
    void box.offsetWidth; // Restarts the animation.
    box.classList.add("flash");
  }
}

function toggleBoxes() {
  if (!stage.view) return;
  stage.boxes = !stage.boxes;
  stage.node.dataset.boxes = String(stage.boxes);
  stage.node.querySelector("[title^='Boxes']").setAttribute("aria-pressed", String(stage.boxes));
}

function nextPaper() {
  stage.paper = PAPERS[(PAPERS.indexOf(stage.paper) + 1) % PAPERS.length];
  stage.node.dataset.paper = stage.paper;
  announce(`Paper: ${stage.paper}`);
}

// Swipe and onion.

// A swipe parts the pictures in the middle of the region that is looked at.
function usefulSplit() {
  const region = stage.view === "swipe" ? stage.shot.regions[stage.region] : null;
  return region ? ((region.x + region.width / 2) / canvasSize(stage.shot).width) * 100 : 50;
}

function setSplit(value) {
  stage.node.style.setProperty("--split", value);
  const input = stage.node.querySelector(".range-bar input");
  if (input && input.value !== String(value)) input.value = value;
}

// Dragging moves the divider of the swipe, and pans every other view. Touch scrolls by itself.
function startDrag(event) {
  if (event.button !== 0 || event.target === event.currentTarget) return;
  if (stage.view === "swipe") dragPointer(event, swipeTo);
  else if (event.pointerType === "mouse") dragPointer(event, panFrom(event));
}

function dragPointer(event, move) {
  const view = event.currentTarget;
  view.setPointerCapture(event.pointerId);
  view.classList.add("dragging");
  move(event);
  const stop = new AbortController();
  view.addEventListener("pointermove", move, { signal: stop.signal });
  for (const end of ["pointerup", "pointercancel"]) {
    view.addEventListener(end, () => { stop.abort(); view.classList.remove("dragging"); }, { signal: stop.signal });
  }
}

function swipeTo(event) {
  const box = stage.node.querySelector(".canvas").getBoundingClientRect();
  setSplit(clamp(((event.clientX - box.left) / box.width) * 100, 0, 100));
}

function panFrom(start) {
  const view = start.currentTarget;
  const { scrollLeft, scrollTop } = view;
  return (event) => {
    view.scrollLeft = scrollLeft - (event.clientX - start.clientX);
    view.scrollTop = scrollTop - (event.clientY - start.clientY);
  };
}

// Blink.

function showBlinkSide(side) {
  stage.node.dataset.blink = side;
  stage.node.querySelector(".blink-side").textContent = side;
}

function startBlinking() {
  showBlinkSide("baseline");
  if (reducedMotion()) return markBlinking(false);
  const flip = () => showBlinkSide(stage.node.dataset.blink === "baseline" ? "candidate" : "baseline");
  stage.blinkTimer = setInterval(flip, BLINK_MS);
  return markBlinking(true);
}

function stopBlinking() {
  clearInterval(stage.blinkTimer);
  stage.blinkTimer = null;
}

// Without motion the button flips once instead.
function toggleBlinking() {
  if (reducedMotion()) return showBlinkSide(stage.node.dataset.blink === "baseline" ? "candidate" : "baseline");
  if (!stage.blinkTimer) return startBlinking();
  stopBlinking();
  return markBlinking(false);
}

function markBlinking(isOn) {
  stage.node.querySelector(".blink-toggle").textContent = reducedMotion() ? "Flip" : isOn ? "Pause" : "Play";
}

// Held Space: the candidate while it is down, the baseline afterwards.
function holdBlink(isDown) {
  if (!stage.view || !viewsOf(stage.shot).includes("blink")) return;
  if (stage.view !== "blink") {
    if (!isDown) return;
    setView("blink");
  }
  stopBlinking();
  markBlinking(false);
  showBlinkSide(isDown ? "candidate" : "baseline");
}
