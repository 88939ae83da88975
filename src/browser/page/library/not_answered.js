// Tells resources that have arrived from those that have not.
// Called from `engines/` as `notAnswered`.

// Those of these addresses that no answer has arrived for in full.
const notAnswered = ({ urls }) => {
  const views = reachableWindows();
  return urls.filter((url) => !views.some((view) => view.performance.getEntriesByName(url, "resource").length));
};
