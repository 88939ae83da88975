// Scrolls through the page, down and to the side, so that its scripts add what they add only when it comes into view.
// Called from `shoot/settle.rs` as `scrollThrough`.

// Each element must be in the middle of the view once, because some scripts ignore a margin of it.
const STEPS_IN_VIEW = 4;
// What lies to the side is passed in longer steps.
const STEPS_ASIDE = 2;
// How long it may take; `SCROLL_BUDGET` in `settle.rs` is the same.
const SCROLL_MS = 10000;
// At its end the page must have the same height so often, so far apart.
const HEIGHT_READINGS = 3;
const HEIGHT_PAUSE_MS = 100;

// Where to go for what lies to the side of where the page was scrolled down.
const placesAside = (scrolled, height) => {
  const { pageX, pageWidth } = measure();
  const ends = Array.from({ length: Math.ceil((STEPS_ASIDE * pageWidth) / innerWidth) }, (_, step) => pageX + (step * innerWidth) / STEPS_ASIDE);
  const rows = Array.from({ length: Math.ceil((STEPS_ASIDE * height) / innerHeight) }, (_, step) => (step * innerHeight) / STEPS_ASIDE);
  const lasts = (places, end) => places.filter((place) => place < end).concat(end);
  const columns = pageWidth > innerWidth + 1 ? lasts(ends, pageX + pageWidth - innerWidth) : [];
  return columns
    .filter((x) => Math.abs(x - scrolled) > 1)
    .flatMap((x) => lasts(rows, Math.max(0, height - innerHeight)).map((y) => [x, y]));
};

// Goes down to `limit` pixels and back. Resolves to whether the end of the page was reached.
const scrollThrough = async ({ limit, show, parts }) => {
  const began = performance.now();
  const [left, top] = [scrollX, scrollY];
  // Boxes that load more become larger again.
  const expandAgain = () => show && !show.area && expanded.size > 0 && expandScrollers(show.limit, show.scroller);
  const height = () => Math.min(limit, measure().pageHeight);
  const goTo = async (x, y, isBack = false) => {
    const before = scrollY;
    scrollTo({ left: x, top: y, behavior: "instant" });
    await nextFrames();
    noteSeen(scrollY - before, isBack);
  };
  const isLoading = () => {
    if (hasTimersOfView()) return true;
    const wanted = { images: true, requests: parts.requests };
    return stillPending({ tree: walkTree(), wholePage: true, parts: wanted, waitForRequests: !alwaysHasRequests }).length > 0;
  };
  const keepsHeight = async (known) => {
    for (let reading = 0; reading < HEIGHT_READINGS; reading += 1) {
      await pause(HEIGHT_PAUSE_MS);
      if (expandAgain() || height() !== known || isLoading()) return false;
    }
    return true;
  };
  noteLeaving();
  beginSeeing();
  let ended = false;
  for (let y = 0; !ended && performance.now() < began + SCROLL_MS; ) {
    await goTo(left, y);
    if (y + innerHeight < height()) y += innerHeight / STEPS_IN_VIEW;
    else ended = await keepsHeight(height());
  }
  for (const [x, y] of placesAside(left, height())) if (ended) ended = await goTo(x, y).then(() => performance.now() < began + SCROLL_MS);
  forgetUnseen();
  forgetTransparent();
  await goTo(left, top, true);
  return { ended };
};
