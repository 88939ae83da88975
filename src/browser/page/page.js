// Our own functions in the top document. They run in a world of their own: the page's scripts can
// neither see nor replace anything here. FIND is the text of find.js.
__FIND__

// Its mark lets a callback of ours through where the page's frames are held and our functions share its world.
// __NAME__ becomes an unguessable name.
const frame = () => new Promise((done) => requestAnimationFrame(Object.assign(() => done(true), { "__NAME__": true })));
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// What the browser's own error page names, for example ERR_CONNECTION_REFUSED or connectionFailure.
const trouble = () => {
  if (location.protocol === "chrome-error:") return (document.body.innerText.match(/ERR_[A-Z_]+/) || [null])[0];
  const own = document.documentURI.match(/^about:(?:net|cert|http)error\?(?:.*&)?e=([^&]*)/);
  return own && own[1];
};

const describe = () => {
  const [navigation] = performance.getEntriesByType("navigation");
  return {
    url: location.href,
    title: document.title,
    status: navigation ? navigation.responseStatus : null,
    load: performance.timeOrigin,
    empty: !document.documentElement,
    trouble: trouble(),
  };
};

// Windows behind others have no frames. __FRAMES_MS__ becomes how long they are waited for. Resolves to whether they came.
const nextFrames = () => Promise.race([frame().then(frame), pause(__FRAMES_MS__).then(() => false)]);

const describeSoon = async () => {
  await nextFrames();
  return describe();
};

// Every window of the page that a script of ours may look into, the top one first.
const reachableWindows = () => {
  const found = [window];
  for (let index = 0; index < found.length; index += 1) {
    for (let frame = 0; frame < found[index].length; frame += 1) {
      try {
        const inner = found[index][frame];
        if (inner.document) found.push(inner);
      } catch {
        // A frame of another site cannot be told.
      }
    }
  }
  return found;
};

// The tiny window of a full-page picture is another one to media queries as well: without this, what they
// move would be on its way back when the picture is taken.
const holdTransitions = (on) => {
  for (const view of reachableWindows()) {
    // What the change back moves must be where it belongs before it may move again.
    if (!on && view.document.documentElement) view.document.documentElement.getBoundingClientRect();
    for (const root of roots(view.document)) {
      const others = [...root.adoptedStyleSheets].filter((sheet) => !sheet.twinshotHold);
      if (on) {
        const sheet = new view.CSSStyleSheet();
        sheet.replaceSync("*, *::before, *::after { transition: none !important; }");
        sheet.twinshotHold = true;
        others.push(sheet);
      }
      root.adoptedStyleSheets = others;
    }
  }
};

const tell = (event, what) => {
  for (const view of reachableWindows()) view.dispatchEvent(new Event(`${event}-${what}`));
};

// Resolves when the page may be told everything again.
let endOfHush;
const endHush = async (event) => {
  // Events of the last change of size are given out in the next frames.
  await nextFrames();
  tell(event, "off");
  holdTransitions(false);
};

// Its end is not waited for.
const hush = async ({ event, on }) => {
  if (!on) {
    endOfHush = endHush(event);
    return;
  }
  await endOfHush;
  tell(event, "on");
  holdTransitions(true);
};

const waitForEndOfHush = () => endOfHush;

const roots = (top = document) => {
  const found = [top];
  for (let index = 0; index < found.length; index += 1) {
    for (const element of found[index].querySelectorAll("*")) {
      if (element.shadowRoot) found.push(element.shadowRoot);
    }
  }
  return found;
};

const hideCaret = (root) => {
  if (root.adoptedStyleSheets.some((sheet) => sheet.twinshot)) return;
  const sheet = new CSSStyleSheet();
  // Only what can hold a caret: a colour set on everything makes Chromium draw some text anew, a trace
  // differently, in every other picture.
  sheet.replaceSync(":read-write { caret-color: transparent !important; } * { scroll-behavior: auto !important; }");
  sheet.twinshot = true;
  root.adoptedStyleSheets.push(sheet);
};

// Finite animations go to their end, endless ones to their beginning. Returns how many still moved.
const finishAnimations = (root) => {
  const moving = root.getAnimations().filter((animation) => ["running", "pending"].includes(animation.playState));
  for (const animation of moving) {
    const { endTime } = animation.effect ? animation.effect.getComputedTiming() : { endTime: 0 };
    if (Number.isFinite(Number(endTime)) && animation.playbackRate !== 0) animation.finish();
    else animation.cancel();
  }
  return moving.length;
};

const inView = (image, wholePage) => {
  if (wholePage) return true;
  const box = image.getBoundingClientRect();
  return box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
};

const pendingImages = (root, wholePage) =>
  [...root.querySelectorAll("img")].filter((image) => {
    if (!inView(image, wholePage) || !image.checkVisibility()) return false;
    if (wholePage && image.loading === "lazy" && !image.complete) image.loading = "eager";
    return !image.complete;
  });

// Frames that would be loaded only near the view, with the moment until which each is waited for.
const lazyFrames = new Map();
const pendingFrames = (root) =>
  [...root.querySelectorAll("iframe")].filter((frame) => {
    if (frame.loading === "lazy" && frame.checkVisibility()) {
      frame.loading = "eager";
      const isBlank = frame.contentDocument && frame.contentDocument.URL === "about:blank";
      if (isBlank && frame.src) {
        lazyFrames.set(frame, performance.now() + PATIENCE_MS);
        frame.addEventListener("load", () => lazyFrames.delete(frame), { once: true });
      }
    }
    return performance.now() < lazyFrames.get(frame);
  });

const decodeImages = (root, wholePage) =>
  Promise.all(
    [...root.querySelectorAll("img")]
      .filter((image) => image.complete && image.naturalWidth > 0 && inView(image, wholePage))
      .map((image) => image.decode().catch(() => {})),
  );

// Videos that we stopped, to let them go on afterwards, and how often; a page that insists is left alone.
const stopped = new Map();
const MOST_STOPS = 3;

// Videos go to their first picture. Returns how many were not there yet.
const stopVideos = (root) => {
  let moving = 0;
  for (const video of root.querySelectorAll("video")) {
    const stops = stopped.get(video) || 0;
    if (!video.paused && video.readyState >= 2 && stops < MOST_STOPS) {
      stopped.set(video, stops + 1);
      video.pause();
      video.currentTime = 0;
      moving += 1;
    } else if (stops > 0 && video.seeking) moving += 1;
  }
  return moving;
};

// What a window's main world says to a question: a number, or nothing where our script is not.
const askWindow = (view, event, question, answer) => {
  const answers = [];
  const hear = ({ detail }) => answers.push(Number(detail) || 0);
  view.addEventListener(`${event}-${answer}`, hear);
  view.dispatchEvent(new Event(`${event}-${question}`));
  view.removeEventListener(`${event}-${answer}`, hear);
  return answers;
};
const ask = (event, question, answer) => reachableWindows().flatMap((view) => askWindow(view, event, question, answer));
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

// The windows that draw by themselves, in loops or by workers.
const drawingWindows = (event) => reachableWindows().filter((view) => askWindow(view, event, "look", "loops")[0]);

// Longer than timeline.js tries.
const DRAWING_MS = 4000;

// Tells them to do something about it, and resolves to what they answer.
const askDrawing = (event, question, answer) =>
  Promise.all(
    drawingWindows(event).map(
      (view) =>
        new Promise((done) => {
          view.addEventListener(`${event}-${answer}`, ({ detail }) => done(Number(detail) || 0), { once: true });
          view.dispatchEvent(new Event(`${event}-${question}`));
          setTimeout(() => done(0), DRAWING_MS);
        }),
    ),
  );

// Holds the page's own drawing loops; resolves to the frames that they have drawn, 0 when there is none to hold.
const hold = async ({ event }) => {
  const held = await askDrawing(event, "hold", "held");
  await nextFrames();
  return Math.max(0, ...held);
};

// Lets everything go on that was held or stopped for a picture, and describes the document.
const letGo = ({ event }) => {
  tell(event, "go");
  for (const video of stopped.keys()) video.play().catch(() => {});
  stopped.clear();
  return describe();
};

// What still keeps the page from standing still: its kind, how many there are, and what is to be said of it.
const stillPending = ({ wholePage, parts, event, patient }) => {
  const pending = [];
  const tell = (kind, count, words) => pending.push({ kind, count, words });
  if (document.readyState !== "complete") tell("document", 1, `the document is ${document.readyState}`);
  if (parts.fonts && document.fonts.status !== "loaded") tell("fonts", 1, "fonts are loading");
  if (parts.images) {
    const images = roots().flatMap((root) => pendingImages(root, wholePage));
    if (images.length) tell("images", images.length, `${images.length} images are loading, such as ${images[0].currentSrc || images[0].src}`);
    const frames = wholePage ? roots().flatMap(pendingFrames) : [];
    if (frames.length) tell("images", frames.length, `${frames.length} frames are loading, such as ${frames[0].src}`);
  }
  if (parts.requests && patient) {
    const requests = sum(ask(event, "ask", "requests"));
    if (requests) tell("requests", requests, `${requests} requests of scripts are not answered`);
  }
  if (parts.animations) {
    const moving = roots().reduce((sum, root) => sum + finishAnimations(root) + stopVideos(root), 0);
    if (moving) tell("animations", moving, `${moving} animations start anew each time they are finished`);
  }
  return pending;
};

// A page that always has some request under way is waited for once.
const PATIENCE_MS = 5000;
let isAlwaysAsking = false;

// What the page does after an answer has arrived comes in small pieces: so long without a change is its end, and
// so long a page may go on changing itself.
const QUIET_MS = 60;
const CHANGES_MS = 600;
const changes = (() => {
  let last = -Infinity;
  // What moves or arrives without a change in the tree.
  let lastOther = -Infinity;
  const watched = new WeakSet();
  const mutations = new MutationObserver(() => (last = performance.now()));
  const arrivals = new PerformanceObserver(() => (lastOther = performance.now()));
  arrivals.observe({ type: "resource" });
  const watchWindow = (view) => {
    if (watched.has(view.document)) return;
    for (const kind of ["scroll", "toggle"]) view.addEventListener(kind, () => (lastOther = performance.now()), true);
  };
  // Also in shadow trees and frames, where they can be reached.
  const watch = () => {
    for (const view of reachableWindows()) {
      watchWindow(view);
      for (const root of roots(view.document)) {
        if (watched.has(root)) continue;
        watched.add(root);
        mutations.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
      }
    }
  };
  watch();
  const lastMutation = () => {
    if (mutations.takeRecords().length) last = performance.now();
    return last;
  };
  return {
    watch,
    since: () => performance.now() - lastMutation(),
    lastOfAny: () => {
      if (arrivals.takeRecords().length) lastOther = performance.now();
      return Math.max(lastMutation(), lastOther);
    },
  };
})();

// Adds what was waited for since then to how long its kind was waited for, and keeps the most of it at once.
const addWait = (waits, kind, since, count = 1) => {
  const wait = (waits[kind] ??= { ms: 0, count: 0 });
  wait.ms += performance.now() - since;
  wait.count = Math.max(wait.count, count);
};

const measure = () => {
  const page = document.documentElement || { scrollWidth: 0, scrollHeight: 0 };
  const body = document.body;
  return {
    width: innerWidth,
    height: innerHeight,
    scale: devicePixelRatio,
    scrollX,
    scrollY,
    pageWidth: Math.max(innerWidth, page.scrollWidth),
    pageHeight: Math.max(innerHeight, page.scrollHeight, body && getComputedStyle(body).position === "static" ? body.scrollHeight : 0),
  };
};

// Whether our script is in every window of the page.
const isAllSeen = (event) => {
  const windows = reachableWindows();
  const count = windows.reduce((sum, { length }) => sum + length, 1);
  return windows.length === count && ask(event, "look", "loops").length === count;
};
const drawsByItself = (event) => drawingWindows(event).length > 0;

// How much the page keeps back until it comes into view.
const keptBack = (event) => sum(ask(event, "unseen", "kept"));
// Shows what the browser itself keeps back; returns how much that was.
const reveal = (event) => sum(ask(event, "reveal", "revealed"));

// Of these addresses, those of which no answer has come to its end.
const notAnswered = ({ urls }) => {
  const views = reachableWindows();
  return urls.filter((url) => !views.some((view) => view.performance.getEntriesByName(url, "resource").length));
};

// So long a page is scrolled through. At its end it must have the same height so often, so far apart.
// Steps are so small that what must be seen whole is, beside margins at which it does not count.
const STEPS_IN_VIEW = 4;
const SCROLL_MS = 10000;
const HEIGHT_READINGS = 3;
const HEIGHT_PAUSE_MS = 100;

// Brings each part of the page into the middle of the view down to `limit` pixels, and goes back. Resolves to
// whether the page came to its end.
const scrollThrough = async ({ limit, parts, event }) => {
  const began = performance.now();
  const top = scrollY;
  const height = () => Math.min(limit, measure().pageHeight);
  const goTo = (y) => {
    scrollTo({ top: y, behavior: "instant" });
    return nextFrames();
  };
  const isLoading = () =>
    stillPending({ wholePage: true, parts: { images: true, requests: parts.requests }, event, patient: !isAlwaysAsking }).length > 0;
  const holdsStill = async (known) => {
    for (let reading = 0; reading < HEIGHT_READINGS; reading += 1) {
      await pause(HEIGHT_PAUSE_MS);
      if (height() !== known || isLoading()) return false;
    }
    return true;
  };
  let ended = false;
  for (let y = 0; !ended && performance.now() < began + SCROLL_MS; ) {
    await goTo(y);
    if (y + innerHeight < height()) y += innerHeight / STEPS_IN_VIEW;
    else ended = await holdsStill(height());
  }
  tell(event, "passed");
  await goTo(top);
  return { ended };
};

// When the page had settled last, and how often its scripts had been called by then.
let settledAt = -Infinity;
let callsUntilSettled = 0;
// And how much it still kept back.
let keptBackThen = 0;
const callsOfScripts = (event) => sum(ask(event, "count", "calls"));

// Whether nothing is seen to have changed since the page settled.
const isAsItSettled = (event) => callsOfScripts(event) === callsUntilSettled && changes.lastOfAny() < settledAt;

// Waits until nothing is pending, at most `budget` milliseconds. In a `hurry` nothing is waited for that a look at the
// page after its picture can tell as well. Where a picture shows what was drawn last, that `mustDraw` before it.
const settle = async ({ budget, wholePage, hurry, mustDraw, parts, event }) => {
  const began = performance.now();
  // A page that draws by itself, or has just changed, is going to change.
  const isCalm = isAllSeen(event) && !drawsByItself(event);
  let unchanged = isCalm && isAsItSettled(event);
  const showsAll = wholePage && parts.images;
  if (showsAll && reveal(event)) hurry = unchanged = false;
  hurry &&= isCalm && changes.since() > QUIET_MS;
  const waits = {};
  let pending = [];
  do {
    let since = performance.now();
    if (since > began + PATIENCE_MS) isAlwaysAsking = true;
    const patient = budget > 0 && !isAlwaysAsking;
    roots().forEach(hideCaret);
    changes.watch();
    if (parts.animations && budget > 0) await askDrawing(event, "end", "ended");
    if (document.body) document.body.getBoundingClientRect();
    pending = stillPending({ wholePage, parts, event, patient });
    addWait(waits, "layout", since);
    unchanged &&= !pending.length;
    // What was finished is finished, and whether it stays so is told after the picture.
    if (hurry) pending = pending.filter(({ kind }) => kind !== "animations");
    if (!pending.length) {
      since = performance.now();
      if (parts.images) await Promise.all(roots().map((root) => decodeImages(root, wholePage)));
      addWait(waits, "decoding", since);
      since = performance.now();
      const isDrawn = hurry || (await nextFrames());
      await endOfHush;
      addWait(waits, "drawing", since);
      if (hurry) break;
      pending = stillPending({ wholePage, parts, event, patient });
      if (showsAll && reveal(event)) pending.push({ kind: "changes", count: 1, words: "more of the page comes into view" });
      if (mustDraw && !isDrawn) pending.push({ kind: "drawing", count: 1, words: "the browser draws no frames" });
      const isChanging = patient && changes.since() < QUIET_MS && performance.now() < began + CHANGES_MS;
      if (parts.requests && isChanging && !pending.length) pending.push({ kind: "changes", count: 1, words: "the page changes itself" });
      if (!pending.length) break;
    }
    since = performance.now();
    await pause(20);
    for (const { kind, count } of pending) addWait(waits, kind, since, count);
  } while (performance.now() < began + budget);
  settledAt = performance.now();
  callsUntilSettled = callsOfScripts(event);
  const took = settledAt - began;
  keptBackThen = keptBack(event);
  const lazy = showsAll ? keptBackThen : 0;
  return { pending: pending.map(({ words }) => words), waits, took, unchanged, lazy, ...measure(), document: describe() };
};

// What a page's scripts begin with when it has loaded shows within so long.
const LOADED_MS = 100;

// After a picture: whether the page stood still since it settled; null when not all of it can be seen from here.
const hasRested = async ({ wholePage, parts, event }) => {
  const [navigation] = performance.getEntriesByType("navigation");
  const loaded = navigation ? navigation.loadEventEnd : 0;
  const enough = Math.max(changes.lastOfAny() + QUIET_MS, settledAt + QUIET_MS, loaded + LOADED_MS);
  const missing = enough - performance.now();
  if (missing > 0) await pause(missing);
  if (!isAllSeen(event)) return null;
  if (drawsByItself(event) || !isAsItSettled(event)) return false;
  if (wholePage && parts.images && keptBack(event) > keptBackThen) return false;
  return !stillPending({ wholePage, parts, event, patient: !isAlwaysAsking }).length;
};

// What of the element's box its scrolling and clipping ancestors let be seen.
const shownBox = (element) => {
  let { left, top, right, bottom } = element.getBoundingClientRect();
  for (let around = element; getComputedStyle(around).position !== "fixed" && around.parentElement; ) {
    around = around.parentElement;
    if (around === document.body || around === document.documentElement) break;
    if (getComputedStyle(around).overflow === "visible") continue;
    const clip = around.getBoundingClientRect();
    left = Math.max(left, clip.left);
    top = Math.max(top, clip.top);
    right = Math.min(right, clip.right);
    bottom = Math.min(bottom, clip.bottom);
  }
  return { x: left + scrollX, y: top + scrollY, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
};

// The page boxes, in CSS pixels, of all elements that each target finds.
const boxes = (targets) =>
  targets.map((alternatives) =>
    findAll(alternatives)
      .filter(canBeSeen)
      .map((element) => shownBox(element)),
  );
