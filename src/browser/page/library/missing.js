// What a picture lacks: images, fonts, style sheets and scripts that failed, and images that are still on their way.
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

// The addresses that failed, each with what asked for it. `failed` are those that only the browser knows.
const failedAddresses = (views, failed) => {
  const found = new Map();
  const note = (address, kind) => {
    if (!/^https?:/.test(address)) return;
    if (!found.has(address)) found.set(address, new Set());
    found.get(address).add(kind);
  };
  for (const [kind, address] of failed) note(address, kind);
  for (const view of views) {
    for (const line of askWindow(view, "failures", String).join("").split("\n")) {
      const space = line.indexOf(" ");
      if (space > 0) note(line.slice(space + 1), line.slice(0, space));
    }
    for (const entry of view.performance.getEntriesByType("resource")) {
      const showsImage = (entry.contentType || "").startsWith("image/");
      if (entry.responseStatus >= 400 && !showsImage) note(entry.name, entry.initiatorType);
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
    href === address && /\bstylesheet\b/i.test(rel) && !disabled && matchMedia(media || "all").matches;
  const links = allIn(roots, "link");
  return links.some(isIt) || allRules(roots).some((rule) => rule.type === CSSRule.IMPORT_RULE && new URL(rule.href, rule.parentStyleSheet.href || document.baseURI).href === address);
};

const PAINTED = ["backgroundImage", "borderImageSource", "listStyleImage", "maskImage", "content"];

// Those of these addresses that an element in the picture shows. When the time is up, the rest may be shown.
const shownAddresses = (addresses, roots, area) => {
  const began = performance.now();
  const left = new Set(addresses);
  const shown = [];
  const find = (element, styles) => {
    for (const address of left) {
      if (styles.some((style) => style && style.includes(address)) && isPictured(element, area)) {
        left.delete(address);
        shown.push(address);
      }
    }
  };
  const elements = allIn(roots, "*");
  for (const element of elements) {
    if (!left.size) break;
    if (performance.now() > began + SEARCH_MS) return [...shown, ...left];
    const href = element.href && element.href.baseVal;
    find(element, [element.localName === "input" && element.src, href && new URL(href, document.baseURI).href]);
    for (const pseudo of [null, "::before", "::after"]) {
      const style = getComputedStyle(element, pseudo);
      if (!pseudo || style.content !== "none") find(element, PAINTED.map((property) => style[property]));
    }
  }
  return shown;
};

// What the picture of this area lacks: what failed, and what is late.
const missingIn = ({ area, failed }) => {
  if (!area) return { failed: [], late: [] };
  const views = reachableWindows();
  const images = views.flatMap(imagesOf).filter((image) => isFetched(image) && !(image.complete && image.naturalWidth));
  const pictured = images.filter((image) => isPictured(image, area) && (image.getBoundingClientRect().width || isOwn(image.currentSrc || image.src)));
  const address = (image) => image.currentSrc || image.src;
  const late = pictured.filter((image) => !image.complete && isOverdue(image)).map(address);
  const lacking = pictured.filter((image) => image.complete).map(address);
  lacking.push(...views.flatMap(failedFonts));
  const others = failedAddresses(views, failed || []);
  if (others.size) {
    const roots = views.flatMap(({ document }) => rootsOf(document));
    const isScript = (kinds) => kinds.has("script");
    const unknown = [];
    for (const [address, kinds] of others) {
      if (isScript(kinds) ? isOwn(address) : isStyleSheet(address, roots)) lacking.push(address);
      else if (!isScript(kinds) && !kinds.has("img")) unknown.push(address);
    }
    if (unknown.length) lacking.push(...shownAddresses(unknown, roots, area));
  }
  return { failed: [...new Set(lacking)].sort(), late: [...new Set(late)].sort() };
};
