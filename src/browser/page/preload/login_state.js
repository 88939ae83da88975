// Fills the local storage of the page's origin with what a login stored there. Only once in each window, so that the
// flow's own changes stay. A page in a frame may have another storage.
// Called from `engines/chromium/storage.rs`. `__NAME__` and `__STORAGE__` become the mark's name and the items by origin.
(() => {
  if (window !== top) return;
  const items = JSON.parse(__STORAGE__)[location.origin];
  if (!items || sessionStorage.getItem("__NAME__")) return;
  sessionStorage.setItem("__NAME__", "restored");
  for (const [name, value] of Object.entries(items)) localStorage.setItem(name, value);
})();
