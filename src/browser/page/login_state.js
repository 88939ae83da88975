// Fills the local storage of the page's origin as a login left it, once in each window: what the flow does
// with it afterwards is the flow's. A page in a frame has another storage.
(() => {
  if (window !== top) return;
  const items = JSON.parse(__STORAGE__)[location.origin];
  if (!items || sessionStorage.getItem("__NAME__")) return;
  sessionStorage.setItem("__NAME__", "restored");
  for (const [name, value] of Object.entries(items)) localStorage.setItem(name, value);
})();
