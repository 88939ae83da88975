// Notes the elements whose resources the browser could not load, by their addresses. Errors in shadow trees do not get
// here.
// Asked by `library/missing.js`.

// A page with more of them says enough with these.
const MOST_FAILURES = 100;
const failures = new OwnSet();
const noteFailure = (kind, address) => {
  if (failures.size < MOST_FAILURES) failures.add(`${kind} ${address}`);
};
const addressOf = (element) => {
  const address = element.currentSrc || element.src || element.data || (element.href && element.href.baseVal) || element.href;
  return typeof address === "string" ? address : "";
};
const failureOf = (element) => {
  const address = element && element.nodeType === 1 && addressOf(element);
  return address ? `${element.localName} ${address}` : null;
};
listen(
  window,
  "error",
  ({ target, filename, message }) => {
    const failure = failureOf(target);
    if (failure && failures.size < MOST_FAILURES) failures.add(failure);
    // Not one line of this script has run.
    if (target === window && filename && `${message}`.includes("SyntaxError")) noteFailure("unparsed", filename);
  },
  true,
);
// A second attempt may have succeeded.
listen(window, "load", ({ target }) => failures.size && failures.delete(failureOf(target)), true);
onQuestion("failures", () => {
  let lines = "";
  failures.forEach((failure) => (lines += `${failure}\n`));
  return lines;
});
