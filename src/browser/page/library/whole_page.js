// Shows all of the page for a picture of the whole page, or all of an element, as somebody sees it who scrolls to it, and
// puts everything back afterwards.
// Called by `settle.js`, and by `timeline.js` to put the page back.

// The page's own bars stand where they are at its beginning. Returns whether the page had been scrolled. A page that scrolls
// itself back each time wins.
let timesAtBeginning = 0;
const goToBeginning = () => {
  if ((!scrollX && !scrollY) || timesAtBeginning >= MOST_PASSES) return false;
  timesAtBeginning += 1;
  rememberScroll(document.scrollingElement || document.documentElement);
  scrollTo({ left: 0, top: 0, behavior: "instant" });
  return true;
};

// Shows all of the page, or of one element of it. Returns whether it changed the page's layout.
const showWholePage = ({ limit, scroller, area }) => {
  if (area) return expandAround(limit, area);
  const hasScrolled = goToBeginning();
  return expandScrollers(limit, scroller) || hasScrolled;
};

const putPageBack = () => {
  takeBackdropsBack();
  putBack();
  forgetScrollers();
  timesAtBeginning = 0;
};
