// The report's shots, which of them are shown, and the address that says so.

const report = JSON.parse(byId("report-data").textContent);

const VERDICTS = {
  mismatch: { icon: "✗", hint: "different" },
  failed: { icon: "!", hint: "could not be decided" },
  new: { icon: "+", hint: "no baseline" },
  approved: { icon: "≈", hint: "different, and equal to the golden picture" },
  match: { icon: "✓", hint: "no difference beyond the limits" },
};
const WORST_FIRST = Object.keys(VERDICTS);
const FAILING = ["mismatch", "failed", "new"];
const SIDES = ["baseline", "candidate"];

const severalBrowsers = new Set(report.shots.map((shot) => shot.browser)).size > 1;

const state = {
  shownVerdicts: new Set(),
  query: "",
  shot: null,
  // The view that was asked for last; a shot that lacks it falls back.
  view: null,
};

function prepareShot(shot, order) {
  const pages = SIDES.map((side) => shot.pictures[side]?.page).filter(Boolean);
  const words = [`${shot.flow} › ${shot.shot}`, `@${shot.viewport}`, shot.browser, shot.verdict, shot.reason,
    shot.step.label, shot.step.location.file, ...pages.flatMap((page) => [page.url, page.title])];
  return {
    ...shot,
    order,
    title: `${shot.flow} › ${shot.shot}`,
    where: `@${shot.viewport}${severalBrowsers ? ` · ${shot.browser}` : ""}`,
    ratio: shot.comparison?.mismatch_ratio ?? 0,
    percent: report.percents[order],
    rank: WORST_FIRST.indexOf(shot.verdict),
    // A flow's later shots fail with its first: what was never reached says the least.
    isEcho: shot.failures.some((failure) => failure.kind === "not-reached"),
    regions: [...(shot.comparison?.regions ?? [])].sort((a, b) => b.mismatched_pixels - a.mismatched_pixels),
    haystack: words.join("\n").toLowerCase(),
  };
}

const shots = report.shots.map(prepareShot);
const shotsById = new Map(shots.map((shot) => [shot.id, shot]));

const worstFirst = (a, b) =>
  a.rank - b.rank || a.isEcho - b.isEcho || b.ratio - a.ratio || a.order - b.order;

const counts = new Map(WORST_FIRST.map((verdict) => [verdict, 0]));
for (const shot of shots) counts.set(shot.verdict, counts.get(shot.verdict) + 1);
const countOf = (verdict) => counts.get(verdict);

// Matching shots are noise unless there is nothing else.
const presentVerdicts = WORST_FIRST.filter((verdict) => countOf(verdict) > 0);
const interestingVerdicts = presentVerdicts.filter((verdict) => verdict !== "match");
const DEFAULT_VERDICTS = interestingVerdicts.length > 0 ? interestingVerdicts : presentVerdicts;
const defaultVerdicts = () => new Set(DEFAULT_VERDICTS);

function isShown(shot) {
  const words = state.query.toLowerCase().split(/\s+/).filter(Boolean);
  return state.shownVerdicts.has(shot.verdict) && words.every((word) => shot.haystack.includes(word));
}

// Flows in the order of their worst shot, each with its shown shots worst first.
function shownFlows() {
  const flows = new Map();
  for (const shot of shots.filter(isShown).sort(worstFirst)) {
    if (!flows.has(shot.flow)) flows.set(shot.flow, []);
    flows.get(shot.flow).push(shot);
  }
  return flows;
}

const shownInOrder = () => [...shownFlows().values()].flat();

// The address: `#<shot id>?show=…&q=…&view=…`, with what is not the default.

const sameSet = (a, b) => a.size === b.size && [...a].every((item) => b.has(item));

const addressId = (shotId) => shotId.split("/").map(encodeURIComponent).join("/").replaceAll("%40", "@");

function addressOf(shotId) {
  const params = new URLSearchParams();
  if (!sameSet(state.shownVerdicts, defaultVerdicts())) params.set("show", [...state.shownVerdicts].join(","));
  if (state.query) params.set("q", state.query);
  if (state.view) params.set("view", state.view);
  const query = params.toString();
  return `#${addressId(shotId)}${query ? `?${query}` : ""}`;
}

function readAddress() {
  const [id, query = ""] = location.hash.slice(1).split(/\?(.*)/s);
  const params = new URLSearchParams(query);
  const verdicts = params.get("show")?.split(",").filter((verdict) => verdict in VERDICTS);
  state.shownVerdicts = params.has("show") ? new Set(verdicts) : defaultVerdicts();
  state.query = params.get("q") ?? "";
  state.view = params.get("view") in VIEWS ? params.get("view") : null;
  return decodeId(id);
}

// Somebody may have typed the address: a stray `%` is no reason to show nothing.
function decodeId(id) {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

// `push` makes a step that Back undoes: opening a shot is one, going through them with j and k is not.
function writeAddress({ push = false } = {}) {
  const address = addressOf(state.shot?.id ?? "");
  if (address === (location.hash || "#")) return;
  if (push) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}
