// Knows whether this window has begun to leave its document for another one.
// Asked by `library/describe.js`. An engine without the Navigation API knows it from the browser itself.

let departure = null;
let departures = 0;
const stay = () => (departure = null);

if (window.navigation) {
  listen(navigation, "navigate", (event) => {
    if (event.destination.sameDocument || event.downloadRequest !== null) return;
    departure = event;
    departures += 1;
  });
  listen(navigation, "navigatesuccess", stay);
  listen(navigation, "navigateerror", stay);
  // The document may be shown again after it was left.
  listen(window, "pageshow", stay);
}

// A page may refuse the navigation, or show the new address itself. An answer without content, a download and a
// program outside of the browser end it without an event: the caller must not wait forever.
const isLeaving = () =>
  departure !== null && !departure.defaultPrevented && !departure.signal.aborted && navigation.transition === null;

onQuestion("departure", () => (isLeaving() ? departures : 0));
