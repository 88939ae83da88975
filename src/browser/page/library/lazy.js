// Content that appears only when it comes into view. `preload/lazy.js` knows about it in each window.
// Called by `settle.js` and `scroll_through.js`.

// How many elements wait to come into view.
const countUnseen = () => sum(askAll("count-unseen"));
// How many elements the page watches in the view of a box that scrolls.
const countToldInBoxes = () => sum(askAll("count-told-in-boxes"));
// Whether timers run that the page set when it was told what came into view.
const hasTimersOfView = () => sum(askAll("count-timers")) > 0;
// Shows what `content-visibility: auto` leaves out. Returns how many elements that were.
const showSkipped = () => sum(askAll("show-skipped"));
// Shows what the page shows only while it is in view. Returns how many elements that were.
const showHidden = () => sum(askAll("show-hidden"));
// The page is about to be scrolled through.
const noteLeaving = () => tellAll("scroll-through");
// The page was scrolled through: elements that still wait are no longer waited for.
const forgetUnseen = () => tellAll("forget-unseen");
