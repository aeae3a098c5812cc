// Starts the editor of the page Draw in its place.
import { Editor } from "./editor.js";

function begin() {
  const root = document.getElementById("plan-editor");
  if (!root || root.dataset.state) return Boolean(root);
  root.dataset.state = "loading";
  new Editor(root).load();
  return true;
}

// The page is built by a script of its own, so that the editor's place may come later than this module.
if (!begin()) {
  const watch = new MutationObserver(() => begin() && watch.disconnect());
  watch.observe(document.documentElement, { childList: true, subtree: true });
}
