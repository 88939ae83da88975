// The windows of the page, and questions to the scripts of ours that run in them (`preload/`).
// Called by the other files of this folder. `__NAME__` becomes an unguessable name.
const NAME = "__NAME__";

// Every window that a script of ours may look into, the top one first.
const reachableWindows = () => {
  const found = [window];
  for (let index = 0; index < found.length; index += 1) {
    for (let frame = 0; frame < found[index].length; frame += 1) {
      try {
        const inner = found[index][frame];
        if (inner.document) found.push(inner);
      } catch {
        // A frame of another site.
      }
    }
  }
  return found;
};

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

const tellWindow = (view, message) => view.dispatchEvent(new Event(`${NAME}-${message}`));
const tellAll = (message) => reachableWindows().forEach((view) => tellWindow(view, message));

// The answers of one window: one of them, or none where our preload script is missing. The page may have tampered with it,
// so `read` makes of it what the caller expects.
const asNumber = (answer) => Number(answer) || 0;
const askWindow = (view, question, read = asNumber) => {
  const answers = [];
  const hear = ({ detail }) => answers.push(read(detail));
  view.addEventListener(`${NAME}-${question}-answer`, hear);
  tellWindow(view, question);
  view.removeEventListener(`${NAME}-${question}-answer`, hear);
  return answers;
};
const askAll = (question) => reachableWindows().flatMap((view) => askWindow(view, question));

// Resolves to the answer of a window that needs some time for it, or to 0 when the time is up.
const askSlowly = (view, question, milliseconds) =>
  new Promise((done) => {
    view.addEventListener(`${NAME}-${question}-answer`, ({ detail }) => done(asNumber(detail)), { once: true });
    tellWindow(view, question);
    setTimeout(() => done(0), milliseconds);
  });

// Ends what scripts have written into the windows that the page has opened.
// Called from `act/place.rs` as `endWritten`.
const endWritten = () => tellAll("end-written");

// Whether our preload script runs in every window of the page.
const runsEverywhere = () => {
  const windows = reachableWindows();
  const count = windows.reduce((total, { length }) => total + length, 1);
  return windows.length === count && askAll("has-loops").length === count;
};
