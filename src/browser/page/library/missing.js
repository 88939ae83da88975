// What a picture lacks: images, fonts, style sheets, scripts, videos and frames that failed, and images, fonts and frames
// that are still on their way.
// Called by `timeline.js` after a picture.

// Smaller images are there to be counted, not to be seen.
const TINY = 2;
// A page with failed images in its styles is searched for the elements that show them, at most for so long.
const SEARCH_MS = 500;

// The hosts of one owner: the last two parts of a name, or three below a short one as in `co.uk`. An address and a name
// without dots are hosts of their own, each port of them.
const siteOf = ({ host, hostname }) => {
  const parts = hostname.split(".");
  if (parts.length < 2 || hostname.includes(":") || /^[\d.]+$/.test(hostname)) return host;
  const isShort = parts.length > 2 && parts.at(-1).length === 2 && parts.at(-2).length < 4;
  return parts.slice(isShort ? -3 : -2).join(".");
};
const isOwn = (address) => URL.canParse(address) && siteOf(new URL(address)) === siteOf(location);

const isTiny = (element, { width, height }) =>
  [element.getAttribute("width"), element.getAttribute("height")].some((given) => given && Number.parseFloat(given) <= TINY) ||
  [width, height].some((size) => size > 0 && size <= TINY);

// Whether the picture shows this element. `area` is "page", "viewport" or a box of the page.
const isPictured = (element, area) => {
  if (!element.checkVisibility({ visibilityProperty: true })) return false;
  const view = element.ownerDocument.defaultView;
  if (view !== window && !(view.frameElement && isPictured(view.frameElement, area))) return false;
  const box = element.getBoundingClientRect();
  if (isTiny(element, box)) return false;
  if (view !== window) return true;
  const [left, top] = [box.left + scrollX, box.top + scrollY];
  if (area === "viewport") return isInView(element);
  if (area !== "page") {
    const isBeside = left >= area.x + area.width || left + box.width <= area.x;
    return !isBeside && top < area.y + area.height && top + box.height > area.y;
  }
  // Elements are hidden beyond the side where no page goes on.
  const { pageX, pageY } = measure();
  return top + box.height >= pageY && left + box.width >= pageX;
};

// An image that was asked for; a `data:` URL holds its own.
const isFetched = (image) => {
  const given = (image.getAttribute("src") || image.getAttribute("srcset") || "").trim();
  const address = image.currentSrc || image.src;
  return (given || (image.currentSrc && image.closest("picture"))) && !/^(?:data|blob|about):/.test(address);
};

const imagesOf = ({ document }) => (document === globalThis.document ? allIn(walked.roots, "img") : [...document.images]);

// Whether a style sheet came as something else, such as the page of a login. Pages in quirks mode accept it.
const isRefusedSheet = ({ initiatorType, contentType }, { compatMode }) =>
  compatMode === "CSS1Compat" && /^(?:link|css)$/.test(initiatorType) && /^(?:text|application)\//.test(contentType) && contentType !== "text/css";

// The addresses that failed, each with what asked for it. `failed` are those that only the browser knows.
const failedAddresses = (views, failed) => {
  const found = new Map();
  const note = (written, kind) => {
    if (!/^https?:/.test(written)) return;
    const address = written.split("#")[0];
    if (!found.has(address)) found.set(address, new Set());
    found.get(address).add(kind);
  };
  for (const [kind, address] of failed) note(address, kind);
  for (const view of views) {
    for (const line of askWindow(view, "failures", String).join("").split("\n")) {
      const space = line.indexOf(" ");
      if (space > 0) note(line.slice(space + 1), `<${line.slice(0, space)}>`);
    }
    for (const entry of view.performance.getEntriesByType("resource")) {
      const { name, initiatorType, responseStatus } = entry;
      const type = entry.contentType || "";
      if (responseStatus >= 400 && !type.startsWith("image/")) note(name, initiatorType);
      else if (isRefusedSheet(entry, view.document)) {
        note(name, "refused");
        // It may also be an image of a style.
        if (type === "text/html") note(name, initiatorType);
      } else if (type === "text/html" && found.has(name) && found.get(name).has("<unparsed>")) note(name, "script");
      else if (found.has(name) && initiatorType === "img") note(name, initiatorType);
    }
  }
  return found;
};

// Every rule of a sheet that may be read, those of imported sheets and of groups too.
const rulesOf = (sheet) => {
  try {
    return [...sheet.cssRules].flatMap((rule) => [rule, ...(rule.styleSheet || rule.cssRules ? rulesOf(rule.styleSheet || rule) : [])]);
  } catch {
    return [];
  }
};
const allRules = (roots) => roots.flatMap((root) => [...root.styleSheets].flatMap(rulesOf));

// The families of fonts that the page uses and that failed. A face of local fonts alone has nothing to load.
const failedFonts = (view) => {
  const families = new Set();
  for (const face of view.document.fonts) if (face.status === "error") families.add(face.family.replace(/["']/g, ""));
  if (!families.size) return [];
  const faces = allRules([view.document]).filter((rule) => rule.type === CSSRule.FONT_FACE_RULE);
  const isLoaded = (family) => {
    const own = faces.filter(({ style }) => style.getPropertyValue("font-family").replace(/["']/g, "") === family);
    return !own.length || own.some(({ style }) => style.getPropertyValue("src").includes("url("));
  };
  return [...families].filter(isLoaded).map((family) => `the font ${family}`);
};

const isStyleSheet = (address, roots) => {
  const isIt = ({ href, rel, disabled, media }) =>
    href === address && /\bstylesheet\b/i.test(rel) && !/\balternate\b/i.test(rel) && !disabled && matchMedia(media || "all").matches;
  const links = allIn(roots, "link");
  return links.some(isIt) || allRules(roots).some((rule) => rule.type === CSSRule.IMPORT_RULE && new URL(rule.href, rule.parentStyleSheet.href || document.baseURI).href === address);
};

const PAINTED = [
  ...["backgroundImage", "borderImageSource", "listStyleImage", "maskImage", "maskBorderSource", "content", "shapeOutside"],
  ...["fill", "stroke", "filter", "backdropFilter", "clipPath", "markerStart", "markerMid", "markerEnd"],
];

// Whether the element shows something else where it has failed.
const hasFallback = (object) =>
  [...object.childNodes].some((node) => (node.nodeType === 1 ? node.localName !== "param" : node.nodeType === 3 && node.data.trim()));
const NO_SOURCE = 3;
const mediaSources = (video) => {
  const sources = [video.played.length ? "" : video.poster];
  if (!video.error && video.networkState !== NO_SOURCE) return sources;
  return [...sources, video.currentSrc, video.src, ...[...video.querySelectorAll("source")].map(({ src }) => src)];
};

// The addresses from which the element itself shows something, of the kinds that cannot be asked whether they have it.
const shownSources = (element) => {
  const { localName } = element;
  if (localName === "video") return mediaSources(element);
  if (localName === "object") return hasFallback(element) ? [] : [element.data];
  if (localName === "embed" || (localName === "input" && element.type === "image")) return [element.src];
  if (localName === "iframe" || localName === "frame") return element.contentDocument ? [] : [element.src];
  const href = element.href && element.href.baseVal;
  return href && localName !== "a" && URL.canParse(href, document.baseURI) ? [new URL(href, document.baseURI).href] : [];
};

// Those of these addresses that an element in the picture shows. When the time is up, the rest may be shown.
const shownAddresses = (addresses, roots, area) => {
  const began = performance.now();
  const left = new Set(addresses);
  const shown = [];
  const find = (element, isShown) => {
    for (const address of left) {
      if (isShown(address) && isPictured(element, area)) {
        left.delete(address);
        shown.push(address);
      }
    }
  };
  const elements = allIn(roots, "*");
  for (const element of elements) {
    if (!left.size) break;
    if (performance.now() > began + SEARCH_MS) return [...shown, ...left];
    const sources = shownSources(element).map((source) => source.split("#")[0]);
    if (sources.length) find(element, (address) => sources.includes(address));
    for (const pseudo of [null, "::before", "::after"]) {
      const style = getComputedStyle(element, pseudo);
      if (pseudo && style.content === "none") continue;
      const painted = PAINTED.map((property) => style[property]).filter((value) => value && value.includes("url("));
      if (painted.length) find(element, (address) => painted.some((value) => value.includes(address)));
    }
  }
  return shown;
};

// The documents of frames in the picture that came as error pages. Those of other sites do not tell.
const failedFrames = (views, area) => {
  const hasFailed = (view) => {
    const [navigation] = view.performance.getEntriesByType("navigation");
    return navigation && navigation.responseStatus >= 400 && view.frameElement && isPictured(view.frameElement, area);
  };
  return views.slice(1).filter(hasFailed).map((view) => view.location.href);
};

// Whether a script has made an image of its own and draws it, as far as that can be told: the image is nowhere in the
// page, and the picture shows a canvas.
const isDrawnByScript = (address, kinds, views, area) =>
  kinds.has("img") &&
  !kinds.has("<img>") &&
  !kinds.has("cancelled") &&
  isOwn(address) &&
  !views.some((view) => imagesOf(view).some(({ currentSrc, src }) => currentSrc === address || src === address)) &&
  views.some(({ document }) => allIn(rootsOf(document), "canvas").some((canvas) => isPictured(canvas, area)));

// A video of a kind that the browser cannot play fails like one that is not there; `refused` is what is no style sheet.
const SAYS_LITTLE = new Set(["<video>", "<audio>", "<source>", "refused"]);

// What the picture of this area lacks: what failed, and what is late.
const missingIn = ({ area, failed }) => {
  if (!area) return { failed: [], late: [] };
  const views = reachableWindows();
  const images = views.flatMap(imagesOf).filter((image) => isFetched(image) && !(image.complete && image.naturalWidth));
  const pictured = images.filter((image) => isPictured(image, area) && (image.getBoundingClientRect().width || isOwn(image.currentSrc || image.src)));
  const address = (image) => image.currentSrc || image.src;
  const late = pictured.filter((image) => !image.complete && isOverdue(image)).map(address);
  const lacking = pictured.filter((image) => image.complete).map(address);
  lacking.push(...views.flatMap(failedFonts), ...failedFrames(views, area));
  late.push(...views.flatMap(({ document }) => lateFonts(document)).map(({ family }) => `the font ${family.replace(/["']/g, "")}`));
  const frames = views.flatMap(({ document }) => allIn(rootsOf(document), "iframe"));
  late.push(...frames.filter((frame) => isLateFrame(frame) && isPictured(frame, area)).map(({ src }) => src));
  const others = failedAddresses(views, failed || []);
  if (others.size) {
    const roots = views.flatMap(({ document }) => rootsOf(document));
    const isScript = (kinds) => kinds.has("script") || kinds.has("<script>") || kinds.has("<worker>");
    const unknown = [];
    for (const [address, kinds] of others) {
      if (isScript(kinds)) {
        if (isOwn(address)) lacking.push(address);
      } else if (isStyleSheet(address, roots) || isDrawnByScript(address, kinds, views, area)) lacking.push(address);
      else if (!kinds.has("img") && !kinds.has("<img>") && ![...kinds].every((kind) => SAYS_LITTLE.has(kind))) unknown.push(address);
    }
    if (unknown.length) lacking.push(...shownAddresses(unknown, roots, area));
  }
  return { failed: [...new Set(lacking)].sort(), late: [...new Set(late)].sort() };
};
