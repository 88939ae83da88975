// The left column: chips, search result, and one row for each shown shot.

const THUMB = { width: 84, height: 60 };

function verdictBadge(verdict) {
  return el("span", { class: `verdict verdict-${verdict}` },
    el("span", { class: "verdict-icon", "aria-hidden": "true" }, VERDICTS[verdict].icon), verdict);
}

function renderChips() {
  byId("chips").replaceChildren(...WORST_FIRST.map(chip));
}

function chip(verdict) {
  const count = countOf(verdict);
  return el("button", {
    type: "button",
    class: `chip verdict-${verdict}`,
    title: VERDICTS[verdict].hint,
    disabled: count === 0,
    "data-verdict": verdict,
    "aria-pressed": String(state.shownVerdicts.has(verdict)),
    click: () => toggleVerdict(verdict),
  },
  el("span", { class: "verdict-icon", "aria-hidden": "true" }, VERDICTS[verdict].icon),
  `${verdict} `, el("span", { class: "chip-count" }, thousands(count)));
}

function toggleVerdict(verdict) {
  if (!state.shownVerdicts.delete(verdict)) state.shownVerdicts.add(verdict);
  filterChanged();
}

// Failing shots only, or back to the default.
function toggleFailing() {
  const failing = new Set(FAILING.filter((verdict) => countOf(verdict) > 0));
  state.shownVerdicts = sameSet(state.shownVerdicts, failing) ? defaultVerdicts() : failing;
  filterChanged();
}

function filterChanged() {
  for (const button of byId("chips").children) {
    button.setAttribute("aria-pressed", String(state.shownVerdicts.has(button.dataset.verdict)));
  }
  renderList();
  writeAddress();
}

function renderList() {
  const flows = shownFlows();
  const shown = [...flows.values()].reduce((sum, group) => sum + group.length, 0);
  byId("list-status").textContent = listStatus(shown);
  byId("list").replaceChildren(...[...flows].map(([flow, group]) => flowSection(flow, group)), hiddenMatches() ?? "");
  markCurrentRow();
}

function listStatus(shown) {
  if (shots.length === 0) return "This report holds no shot.";
  if (shown === 0) return "No shot fits the search and the chosen verdicts.";
  return `${thousands(shown)} of ${plural(shots.length, "shot")}`;
}

function hiddenMatches() {
  const hidden = countOf("match");
  if (hidden === 0 || state.shownVerdicts.has("match") || state.query) return null;
  return el("button", { type: "button", class: "quiet show-matches", click: () => toggleVerdict("match") },
    `Show ${plural(hidden, "matching shot")}`);
}

function flowSection(flow, group) {
  return el("section", { class: "flow" },
    el("h3", { class: "flow-name" }, el("bdi", {}, flow), el("span", { class: "muted" }, ` ${thousands(group.length)}`)),
    group.map(row));
}

// Rows are kept, so that typing in the search neither builds nor decodes anything twice.
const rows = new Map();

function row(shot) {
  if (!rows.has(shot)) rows.set(shot, newRow(shot));
  return rows.get(shot);
}

function newRow(shot) {
  return el("a", { class: "row", href: `#${addressId(shot.id)}`, "data-id": shot.id, click: (event) => openFromRow(event, shot) },
    thumbnail(shot),
    el("span", { class: "row-text" },
      el("bdi", { class: "row-name" }, shot.shot),
      el("bdi", { class: "row-where muted" }, shot.where)),
    el("span", { class: "row-result" },
      verdictBadge(shot.verdict),
      shot.verdict === "mismatch" ? el("span", { class: "row-ratio" }, unbroken(shot.percent?.mismatch)) : null));
}

// Ctrl-click and the like open a tab, as with any link.
function openFromRow(event, shot) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  openShot(shot, { push: true, focus: true });
}

// A cut-out around the largest region: a tall page as a whole would be an unreadable strip.
function thumbnail(shot) {
  const picture = shot.pictures.candidate ?? shot.pictures.baseline;
  const overlay = shot.verdict === "mismatch" ? shot.overlay : null;
  const failure = shot.failures.find((it) => it.pictures.length > 0)?.pictures[0];
  const file = overlay ?? picture?.file ?? failure;
  const frame = el("span", { class: "thumb", "aria-hidden": "true" });
  if (!file) return emptyThumbnail(frame, shot.verdict);
  const image = el("img", { src: file, alt: "", loading: "lazy", decoding: "async", draggable: "false" });
  if (overlay) cropAround(image, canvasSize(shot), shot.regions[0]);
  else if (picture) cropAround(image, { width: picture.size[0], height: picture.size[1] }, shot.regions[0]);
  frame.append(image);
  return frame;
}

function emptyThumbnail(frame, verdict) {
  frame.classList.add("thumb-empty", `verdict-${verdict}`);
  frame.append(VERDICTS[verdict].icon);
  return frame;
}

function cropAround(image, size, region) {
  const aspect = THUMB.width / THUMB.height;
  const focus = region ?? { x: 0, y: 0, width: size.width, height: 0 };
  const wanted = Math.max(focus.width * 1.5, focus.height * 1.5 * aspect, THUMB.width * 4);
  const visible = Math.min(wanted, size.width);
  const scale = THUMB.width / visible;
  const left = clamp(focus.x + focus.width / 2 - visible / 2, 0, size.width - visible);
  const top = clamp(focus.y + focus.height / 2 - visible / aspect / 2, 0, Math.max(0, size.height - visible / aspect));
  // Both, since a lazy picture without a height would stand outside of its frame and never load.
  image.style.width = `${size.width * scale}px`;
  image.style.height = `${size.height * scale}px`;
  image.style.transform = `translate(${-left * scale}px, ${-top * scale}px)`;
}

const rowOf = (shot) => byId("list").querySelector(`[data-id="${CSS.escape(shot.id)}"]`);

// A row stays marked while its shot is open, so that the list says where one is.
function markCurrentRow() {
  for (const link of byId("list").querySelectorAll("[aria-current]")) link.removeAttribute("aria-current");
  const current = state.shot && rowOf(state.shot);
  current?.setAttribute("aria-current", "true");
  if (wideLayout()) current?.scrollIntoView({ block: "nearest" });
}
