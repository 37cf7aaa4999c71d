(() => {
  "use strict";
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const root = document.documentElement;

  const theme = document.getElementById("theme");
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);
  const nameTheme = () => { theme.textContent = isDark() ? "Light theme" : "Dark theme"; };
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; nameTheme(); });
  prefersDark.addEventListener("change", nameTheme);
  nameTheme();
  theme.hidden = false;

  const findings = all(".finding");
  const filters = document.getElementById("filters");
  if (filters) {
    const groups = all(".resource");
    const search = document.getElementById("search");
    const count = document.getElementById("count");
    const texts = new Map(findings.map((f) => [f, (f.closest(".resource").querySelector("header").textContent + " " + f.textContent).toLowerCase()]));
    const chosen = (name) => new Set(all(`input[name="${name}"]:checked`, filters).map((box) => box.value));
    const apply = () => {
      const status = chosen("status"), severity = chosen("severity");
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const f of findings) {
        f.hidden = !(status.has(f.dataset.status) && severity.has(f.dataset.severity) && words.every((w) => texts.get(f).includes(w)));
      }
      for (const group of groups) group.hidden = all(".finding", group).every((f) => f.hidden);
      count.textContent = `${findings.filter((f) => !f.hidden).length} of ${findings.length} findings shown`;
    };
    filters.addEventListener("input", apply);
    filters.addEventListener("submit", (event) => event.preventDefault());
    filters.addEventListener("reset", () => setTimeout(apply));
    document.getElementById("expand").addEventListener("click", () => { for (const f of findings) f.open = true; });
    document.getElementById("collapse").addEventListener("click", () => { for (const f of findings) f.open = false; });
    filters.hidden = false;
    apply();
    const reveal = () => {
      const target = document.getElementById(location.hash.slice(1));
      if (!target || !target.matches(".finding")) return;
      if (target.hidden) { filters.reset(); setTimeout(reveal); return; }
      target.open = true;
      target.scrollIntoView();
    };
    addEventListener("hashchange", reveal);
    reveal();
  }

  let closed = [];
  addEventListener("beforeprint", () => { closed = all("details").filter((f) => !f.open); for (const f of closed) f.open = true; });
  addEventListener("afterprint", () => { for (const f of closed) f.open = false; });

  for (const code of all(".code")) {
    const pre = code.querySelector("pre");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy: ${code.querySelector("figcaption").textContent}`);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(pre.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(pre);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    code.append(button);
  }
})();
