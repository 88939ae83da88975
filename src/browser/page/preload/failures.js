// Notes the elements whose resources the browser could not load, by their addresses. Errors in shadow trees do not get
// here.
// Asked by `library/missing.js`.

// A page with more of them says enough with these.
const MOST_FAILURES = 100;
const failures = new OwnSet();
const failureOf = (element) => {
  if (!element || element.nodeType !== 1) return null;
  const address = element.currentSrc || element.src || (element.href && element.href.baseVal) || element.href;
  return typeof address === "string" && address ? `${element.localName} ${address}` : null;
};
listen(
  window,
  "error",
  ({ target }) => {
    const failure = failureOf(target);
    if (failure && failures.size < MOST_FAILURES) failures.add(failure);
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
