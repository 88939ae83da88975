// Single-key shortcuts. They can be switched off (WCAG 2.1.4) and never act with a modifier or in a text field.

const KEYS = [
  { keys: ["j", "ArrowDown"], help: "next shot", act: () => stepShot(1), notWhenScrolling: true },
  { keys: ["k", "ArrowUp"], help: "previous shot", act: () => stepShot(-1), notWhenScrolling: true },
  { keys: ["n"], help: "next region", act: () => stepRegion(1) },
  { keys: ["p"], help: "previous region", act: () => stepRegion(-1) },
  { keys: ["s"], help: "side by side", act: () => setView("side") },
  { keys: ["d"], help: "overlay", act: () => setView("overlay") },
  { keys: ["w"], help: "swipe", act: () => setView("swipe") },
  { keys: ["o"], help: "onion", act: () => setView("onion") },
  { keys: ["b"], help: "blink", act: () => setView("blink") },
  { keys: [" "], help: "hold: candidate, let go: baseline", act: () => holdBlink(true) },
  { keys: ["ArrowLeft"], help: "baseline only", act: () => setView("baseline") },
  { keys: ["ArrowRight"], help: "candidate only", act: () => setView("candidate") },
  { keys: ["0"], help: "fit the width", act: () => setZoom("fit") },
  { keys: ["1"], help: "100 %", act: () => setZoom(1) },
  { keys: ["+", "="], help: "zoom in", act: () => stepZoom(1) },
  { keys: ["-"], help: "zoom out", act: () => stepZoom(-1) },
  { keys: ["r"], help: "boxes of regions and masks", act: toggleBoxes },
  { keys: ["/"], help: "search", act: () => byId("search").focus() },
  { keys: ["f"], help: "failing shots only", act: toggleFailing },
  { keys: ["?"], help: "this help", act: () => byId("help").showModal() },
  { keys: ["Escape"], help: "leave the search, the shot or this help", act: leave },
];
const KEY_NAMES = { " ": "Space", ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };
const KEYS_OFF = "twinshot-keys-off";

function onKeyDown(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  if (isTextField(event.target)) {
    if (event.key === "Escape") leave();
    return;
  }
  const binding = KEYS.find(({ keys }) => keys.includes(event.key));
  if (!binding || !mayAct(binding, event)) return;
  event.preventDefault();
  if (!(event.repeat && event.key === " ")) binding.act();
}

function onKeyUp(event) {
  if (event.key === " " && stage.view === "blink" && !isTextField(event.target) && !event.target.closest("button")) {
    holdBlink(false);
  }
}

function mayAct(binding, event) {
  if (!byId("keys-on").checked && event.key !== "Escape") return false;
  if (event.key === " " && event.target.closest("button, summary, input")) return false;
  if (event.key.startsWith("Arrow") && event.target.closest("input")) return false;
  // The focused picture, and a narrow page, scroll with the up and down arrows.
  return !(event.key.startsWith("Arrow") && binding.notWhenScrolling && (event.target.closest(".pane") || !wideLayout()));
}

function isTextField(target) {
  return target.matches("textarea, select, input:not([type=range], [type=checkbox])");
}

function leave() {
  const search = byId("search");
  if (document.activeElement === search) search.blur();
  else if (state.query) setQuery("");
  else if (state.shot && !wideLayout()) closeShot();
}

function setQuery(query) {
  state.query = query;
  if (byId("search").value !== query) byId("search").value = query;
  renderList();
  writeAddress();
}

function renderHelp() {
  byId("help-keys").replaceChildren(...KEYS.flatMap(({ keys, help }) => [
    el("dt", {}, keys.map((key) => el("kbd", {}, KEY_NAMES[key] ?? key))),
    el("dd", {}, help),
  ]));
  byId("help-close").addEventListener("click", () => byId("help").close());
  byId("help-button").addEventListener("click", () => byId("help").showModal());
  rememberKeySwitch(byId("keys-on"));
}

// A page from disk may have no storage; then the switch lasts as long as the page.
function rememberKeySwitch(box) {
  try {
    box.checked = localStorage.getItem(KEYS_OFF) === null;
    box.addEventListener("change", () => {
      if (box.checked) localStorage.removeItem(KEYS_OFF);
      else localStorage.setItem(KEYS_OFF, "");
    });
  } catch {
    box.checked = true;
  }
}
