// The right column: what was decided about one shot, its failures, its pictures, and every fact about it.

function openShot(shot, { push = false, focus = false } = {}) {
  state.shot = shot;
  document.body.classList.add("shot-open");
  renderDetail(shot);
  markCurrentRow();
  writeAddress({ push });
  if (focus) byId("detail").focus({ preventScroll: true });
}

function closeShot() {
  const { shot } = state;
  showNoShot();
  markCurrentRow();
  writeAddress({ push: true });
  if (shot) rowOf(shot)?.focus();
}

function showNoShot() {
  stopBlinking();
  stage.resize.disconnect();
  state.shot = null;
  stage.view = null;
  document.body.classList.remove("shot-open");
  byId("detail").replaceChildren(el("p", { class: "empty muted" }, emptyText()));
}

function emptyText() {
  return shots.length === 0 ? "Nothing was photographed in this run." : "Choose a shot to see its pictures.";
}

function renderDetail(shot) {
  const detail = byId("detail");
  detail.replaceChildren(heading(shot), notes(shot) ?? "", failureCards(shot) ?? "", renderStage(shot), facts(shot));
  detail.scrollTop = 0;
  if (!wideLayout()) scrollTo({ top: 0, behavior: "instant" });
  stageShown();
}

function heading(shot) {
  return el("header", { class: "detail-head" },
    el("div", { class: "detail-nav" },
      el("button", { type: "button", class: "quiet back", click: closeShot }, "← All shots"),
      el("button", { type: "button", class: "quiet", title: "Previous shot (k)", "aria-label": "Previous shot", click: () => stepShot(-1) }, "↑"),
      el("button", { type: "button", class: "quiet", title: "Next shot (j)", "aria-label": "Next shot", click: () => stepShot(1) }, "↓")),
    el("div", { class: "detail-title" },
      el("h2", {}, el("bdi", { class: "muted" }, shot.flow), el("span", { class: "muted" }, " › "), el("bdi", {}, shot.shot),
        el("bdi", { class: "where" }, `@${shot.viewport} `, el("span", { class: "muted" }, shot.viewport_size))),
      el("p", { class: "reason" }, verdictBadge(shot.verdict), el("bdi", {}, shot.reason))));
}

function notes(shot) {
  if (shot.warnings.length === 0) return null;
  return el("ul", { class: "notes" }, shot.warnings.map((warning) => el("li", {}, warning)));
}

// Failures.

function failureCards(shot) {
  if (shot.failures.length === 0) return null;
  return el("section", { class: "failures", "aria-label": "Failures" }, shot.failures.map(failureCard));
}

function failureCard(failure) {
  return el("div", { class: "failure" },
    el("h3", {}, `${failure.role} · ${failure.kind.replace("-", " ")}`),
    el("p", { class: "failure-message" }, failure.message),
    el("p", { class: "muted" }, `${failure.step.label}, ${locationText(failure.step.location)}`),
    failure.url === null ? null : el("p", { class: "muted" }, "on ", pageLink(failure.url, failure.role)),
    failurePictures(failure));
}

function failurePictures(failure) {
  if (failure.pictures.length === 0) return null;
  const names = failure.kind === "unstable" && failure.pictures.length > 1
    ? (index) => `${failure.role}, frame ${index + 1} of the last ${failure.pictures.length}`
    : () => `${failure.role} at the failure`;
  return el("div", { class: "failure-pictures" }, failure.pictures.map((file, index) =>
    el("figure", {},
      el("a", { href: file, target: "_blank" }, el("img", { src: file, alt: names(index), loading: "lazy" })),
      el("figcaption", { class: "muted" }, names(index)))));
}

// Facts.

function facts(shot) {
  return el("div", { class: "facts" },
    pagesFact(shot), differenceFact(shot), regionsFact(shot), masksFact(shot), stepFact(shot), timesFact(shot), commandsFact(shot));
}

function fact(title, ...content) {
  return el("section", { class: "fact" }, el("h3", {}, title), ...content);
}

function pairs(entries) {
  return el("dl", {}, entries.filter(Boolean).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function differenceFact(shot) {
  const { comparison, percent } = shot;
  if (!comparison) return null;
  return fact("Difference", pairs([
    ["mismatched", `${plural(comparison.mismatched_pixels, "pixel")}, ${unbroken(percent.mismatch)}`],
    ["allowed", allowedText(comparison, percent)],
    comparison.at_least ? ["expected", `at least ${amountText(comparison.at_least, percent.at_least, "larger")}`] : null,
    comparison.densest_window ? ["densest window", windowText(comparison.densest_window)] : null,
    ["regions", thousands(comparison.regions.length)],
    ["anti-aliased", `${plural(comparison.antialiased_pixels, "pixel")}, ${(comparison.rule ?? report.run).antialiasing === "ignore" ? "not counted" : "counted"}`],
    ["compared", plural(comparison.total_pixels, "pixel")],
    ["threshold", `${comparison.threshold} (${(comparison.rule ?? report.run).metric})`],
    comparison.rule ? ["rule", `${comparison.rule.name}: ${comparison.rule.reason}`] : null,
  ]));
}

function allowedText({ max_mismatch: limit, at_least: expected }, percent) {
  const window = limit.window === undefined ? null : `${plural(limit.window, "pixel")} in any 32 × 32 window`;
  const parts = [amountText(limit, percent.max_mismatch, "smaller"), window].filter(Boolean);
  return parts.length > 0 ? parts.join("; ") : expected ? "everything" : "nothing";
}

function amountText({ pixels }, percent, counts) {
  const parts = [pixels === null ? null : plural(pixels, "pixel"), unbroken(percent)].filter(Boolean);
  if (parts.length === 2) return `${parts.join(" or ")}, the ${counts}`;
  return parts[0] ?? null;
}

function windowText({ x, y, mismatched_pixels: pixels }) {
  return `${plural(pixels, "pixel")} in 32 × 32 at ${x}, ${y}`;
}

// Both sides in one table: what differs between them is marked, since it is often the whole explanation.
function pagesFact(shot) {
  const taken = SIDES.filter((side) => shot.pictures[side]);
  if (taken.length === 0) return null;
  const rows = [
    ["address", (side) => shot.pictures[side].page?.url ?? null, (url, side) => pageLink(url, side)],
    ["status", (side) => shot.pictures[side].page?.status ?? null],
    ["title", (side) => shot.pictures[side].page?.title ?? null],
    ["size", (side) => sizeText(shot.pictures[side].size)],
    ...reusedRow(shot),
    ["picture", (side) => shot.pictures[side].file, (file) => el("a", { href: file, target: "_blank" }, "open"), true],
  ];
  return el("section", { class: "fact fact-wide" }, el("h3", {}, "Pages"),
    el("div", { class: "table-frame" }, el("table", {},
      el("thead", {}, el("tr", {}, el("td"), taken.map((side) =>
        el("th", { scope: "col" }, side, el("span", { class: "muted" }, ` ${report.run.environments[side].name}`))))),
      el("tbody", {}, rows.map((row) => pagesRow(taken, ...row))))));
}

function reusedRow(shot) {
  const run = shot.pictures.baseline?.record?.reused_from;
  return run ? [["taken in run", (side) => side === "baseline" ? run : report.run.id, String, true]] : [];
}

function pagesRow(taken, name, valueOf, show = (value) => String(value), neverMarked = false) {
  const values = taken.map(valueOf);
  const differs = !neverMarked && values.length === 2 && values[0] !== values[1] && !values.includes(null);
  return el("tr", { class: differs ? "differs" : null },
    el("th", { scope: "row" }, name, differs ? el("span", { class: "differs-mark" }, " differs") : null),
    values.map((value, index) => el("td", {}, value === null ? "–" : el("bdi", {}, show(value, taken[index])))));
}

// A link only to the web: the address is whatever the page said it was.
function pageLink(url, side) {
  // What begins with a slash is below the environment's URL, which may have a path of its own.
  const base = (report.run.environments[side].url ?? "").replace(/\/$/, "");
  const absolute = url.startsWith("/") ? base + url : url;
  const target = URL.canParse(absolute) ? new URL(absolute) : null;
  if (!target || !["http:", "https:"].includes(target.protocol)) return url;
  return el("a", { href: target.href, target: "_blank", rel: "noreferrer noopener" }, url);
}

function regionsFact(shot) {
  if (shot.regions.length === 0) return null;
  const rows = shot.regions.slice(0, 200).map((region, index) => el("tr", {},
    el("td", {}, el("button", { type: "button", class: "link", click: () => jumpToRegion(index) }, `region ${index + 1}`)),
    el("td", {}, `${region.width} × ${region.height}`),
    el("td", {}, `${region.x}, ${region.y}`),
    el("td", { class: "number" }, thousands(region.mismatched_pixels))));
  const more = shot.regions.length - rows.length;
  return fact("Regions",
    el("div", { class: "table-frame region-table" }, el("table", {},
      el("thead", {}, el("tr", {}, ["", "size", "at", "pixels"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, rows))),
    more > 0 ? el("p", { class: "muted" }, `… and ${plural(more, "smaller one")}`) : null);
}

function jumpToRegion(index) {
  stage.node.scrollIntoView({ block: "start" });
  showRegion(index);
}

function masksFact(shot) {
  const masks = shot.comparison?.masks ?? [];
  if (masks.length === 0) return null;
  const text = ({ boxes }) => (boxes.length === 0 ? "⚠ covers nothing" : plural(boxes.length, "box").replace("boxs", "boxes"));
  return fact("Masks", pairs(masks.map((mask) => [el("code", {}, mask.selector), text(mask)])));
}

function stepFact(shot) {
  return fact("Step", pairs([
    ["after", shot.step.label],
    ["in", el("code", {}, locationText(shot.step.location))],
    ["browser", shot.browser],
  ]));
}

// Times: a bar for each live side, both to one scale, and what was waited for.

const PARTS = ["navigate", "act", "settle", "shoot", "compare"];

const partsOf = (times) => PARTS.filter((part) => times[`${part}_ms`] > 0).map((part) => [part, times[`${part}_ms`]]);

const partsText = (times) => partsOf(times).map(([part, ms]) => `${part} ${duration(ms)}`).join(", ");

const totalOf = (times) => partsOf(times).reduce((sum, [, ms]) => sum + ms, 0);

function timesFact({ times }) {
  const sides = SIDES.filter((side) => times.sides[side]);
  const longest = Math.max(1, totalOf(times), ...sides.map((side) => totalOf(times.sides[side])));
  const rows = sides.map((side) => [side, sideTimes(times.sides[side], longest)]);
  const whole = sides.length === 0 ? [timesBar(times, longest), partsText(times)] : [`${duration(times.compare_ms)}`];
  return fact("Time", pairs([...rows, [sides.length === 0 ? "took" : "compare", el("div", {}, whole)]]));
}

function sideTimes(times, longest) {
  const waits = times.waits.map(waitText).join(", ");
  return el("div", {}, timesBar(times, longest),
    el("p", {}, partsText(times) || "nothing"),
    el("p", { class: "muted" }, `${waits ? `settling: ${waits}; ` : ""}${plural(times.frames, "frame")}`));
}

const COUNTED = ["images", "animations"];

function waitText({ for: name, count, ms }) {
  return `${COUNTED.includes(name) ? plural(count, name.slice(0, -1)) : name} ${duration(ms)}`;
}

function timesBar(times, longest) {
  const svg = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const bar = svg("svg", { class: "bar", role: "img", "aria-label": partsText(times) });
  let left = 0;
  for (const [part, ms] of partsOf(times)) {
    const rect = svg("rect", { class: `part-${part}`, x: `${(left / longest) * 100}%`, width: `${(ms / longest) * 100}%`, height: "100%" });
    const title = svg("title", {});
    title.textContent = `${part} ${duration(ms)}`;
    rect.append(title);
    bar.append(rect);
    left += ms;
  }
  return bar;
}

// Commands.

function commandsFact(shot) {
  const commands = [["Run only this shot again", `twinshot test ${quoted(shot.title)}`]];
  if (["mismatch", "new"].includes(shot.verdict)) commands.push(["Approve the candidate", `twinshot approve ${quoted(shot.id)}`]);
  return el("section", { class: "fact fact-wide" }, el("h3", {}, "Commands"), commands.map(([label, command]) => commandLine(label, command)));
}

// Names are hostile: one word for a shell, without the control characters that a terminal would obey.
function quoted(text) {
  return `'${text.replace(/\p{C}/gu, " ").replaceAll("'", "'\\''")}'`;
}

function commandLine(label, command) {
  const button = el("button", { type: "button", class: "tool", "aria-label": `Copy: ${label}`, click: () => copy(command, button) }, "Copy");
  return el("div", { class: "command" }, el("p", { class: "muted" }, label), el("code", {}, command), button);
}

async function copy(text, button) {
  const done = await copyText(text);
  button.textContent = done ? "Copied" : "Not allowed";
  announce(done ? "Copied" : "The browser does not allow copying");
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

// Some browsers have no clipboard for a page from disk.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = el("textarea", { class: "visually-hidden", readonly: true }, text);
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}
