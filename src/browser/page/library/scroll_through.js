// Scrolls through the page, so that its scripts add what they add only when it comes into view.
// Called from `shoot/settle.rs` as `scrollThrough`.

// Each element must be in the middle of the view once, because some scripts ignore a margin of it.
const STEPS_IN_VIEW = 4;
// How long it may take; `SCROLL_BUDGET` in `settle.rs` is the same.
const SCROLL_MS = 10000;
// At its end the page must have the same height so often, so far apart.
const HEIGHT_READINGS = 3;
const HEIGHT_PAUSE_MS = 100;

// Goes down to `limit` pixels and back. Resolves to whether the end of the page was reached.
const scrollThrough = async ({ limit, parts }) => {
  const began = performance.now();
  const top = scrollY;
  const height = () => Math.min(limit, measure().pageHeight);
  const goTo = async (y, isBack = false) => {
    const before = scrollY;
    scrollTo({ top: y, behavior: "instant" });
    await nextFrames();
    noteSeen(scrollY - before, isBack);
  };
  const isLoading = () => {
    const wanted = { images: true, requests: parts.requests };
    return stillPending({ tree: walkTree(), wholePage: true, parts: wanted, waitForRequests: !alwaysHasRequests }).length > 0;
  };
  const keepsHeight = async (known) => {
    for (let reading = 0; reading < HEIGHT_READINGS; reading += 1) {
      await pause(HEIGHT_PAUSE_MS);
      if (height() !== known || isLoading()) return false;
    }
    return true;
  };
  noteLeaving();
  beginSeeing();
  let ended = false;
  for (let y = 0; !ended && performance.now() < began + SCROLL_MS; ) {
    await goTo(y);
    if (y + innerHeight < height()) y += innerHeight / STEPS_IN_VIEW;
    else ended = await keepsHeight(height());
  }
  forgetUnseen();
  forgetTransparent();
  await goTo(top, true);
  return { ended };
};
