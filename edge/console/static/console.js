// Sends the browser to the login page when the connection is gone because the session is.
document.addEventListener("DOMContentLoaded", () => {
  const notice = document.getElementById("popup");
  if (!notice) return;
  const check = async () => {
    if (notice.getAttribute("aria-hidden") !== "false") return;
    try {
      const answer = await fetch("/session", { cache: "no-store" });
      if (answer.status === 401) location.assign("/login");
    } catch {
      // The node itself is away; NiceGUI goes on trying and its notice stays.
    }
  };
  new MutationObserver(check).observe(notice, { attributes: true, attributeFilter: ["aria-hidden"] });
});
