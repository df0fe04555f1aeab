"use strict";
// Sorts, filters, opens and translates what is on the page already; nothing is fetched, nothing is made of text.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const remembered = {
    get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
    set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* a private window */ } },
  };
  let told = { rules: [], shown: ["{0} / {1}", "{0} / {1}"] };
  const chinese = () => root.lang.startsWith("zh");

  function speak(language) {
    root.lang = language;
    all("#languages button").forEach((button) => button.setAttribute("aria-pressed", button.dataset.lang === language));
    all("option[data-en]").forEach((option) => { option.textContent = chinese() ? option.dataset.zh : option.dataset.en; });
    all("output[data-shown]").forEach(count);
  }
  function prefer() {
    const wished = remembered.get("cleanzh-language");
    if (wished === "en" || wished === "zh-Hans") root.lang = wished;
    else if (root.dataset.fixed !== "true") root.lang = navigator.language.startsWith("zh") ? "zh-Hans" : "en";
  }
  prefer(); // before the first paint

  function count(output) {
    const words = told.shown[chinese() ? 1 : 0];
    output.textContent = words.replace("{0}", output.dataset.shown).replace("{1}", output.dataset.of);
  }
  function counted(output, shown, of) {
    output.dataset.shown = shown;
    output.dataset.of = of;
    count(output);
  }

  function rules() {
    const table = byId("rule-table");
    if (!table) return;
    const rows = all("tbody", table);
    const cell = (row, column) => row.rows[0].cells[column];
    const value = (row, column) => column ? Number(cell(row, column).textContent.replaceAll(",", "")) : cell(row, 0).querySelector("code").textContent;
    all("thead th", table).forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "descending" || (column === 0 && head.getAttribute("aria-sort") !== "ascending");
      all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "ascending" : "descending");
      const order = rows.map((row) => [value(row, column), row]);
      order.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (down ? 1 : -1));
      order.forEach(([, row]) => table.append(row));
    }));
    const open = (row, wanted) => {
      row.classList.toggle("is-open", wanted);
      row.querySelector(".open").setAttribute("aria-expanded", row.classList.contains("is-open"));
    };
    rows.forEach((row) => row.querySelector(".open").addEventListener("click", () => open(row)));
    const words = byId("rule-words"), family = byId("rule-family"), idle = byId("rule-idle"), output = byId("rule-count");
    const filter = () => {
      const wanted = words.value.trim().toLowerCase();
      let shown = 0;
      rows.forEach((row) => {
        const fits = (idle.checked || value(row, 1) > 0) && (!family.value || row.dataset.family === family.value) && row.rows[0].cells[0].textContent.toLowerCase().includes(wanted);
        row.hidden = !fits;
        shown += fits;
      });
      counted(output, shown, rows.length);
    };
    words.addEventListener("input", filter);
    family.addEventListener("input", filter);
    idle.addEventListener("input", filter);
    filter();
    table.reveal = (row) => { if (row.hidden) { words.value = ""; family.value = ""; idle.checked ||= !value(row, 1); filter(); } open(row, true); };
    table.only = (name) => { words.value = ""; family.value = name; filter(); };
  }

  function documents() {
    const words = byId("doc-words"), tag = byId("doc-tag"), output = byId("doc-count");
    if (!words) return;
    const rows = all("article.document");
    const filter = () => {
      const wanted = words.value.trim().toLowerCase();
      let shown = 0;
      rows.forEach((row) => {
        const fits = (!tag.value || row.dataset.tags.split(" ").includes(tag.value)) && (!wanted || row.textContent.toLowerCase().includes(wanted));
        row.hidden = !fits;
        shown += fits;
      });
      counted(output, shown, rows.length);
    };
    words.addEventListener("input", filter);
    tag.addEventListener("input", filter);
    filter();
    byId("documents").only = (value) => { words.value = ""; tag.value = value; filter(); };
  }

  function show(id) {
    const target = id && byId(id);
    if (!target) return;
    if (target.matches("tbody")) byId("rule-table").reveal(target);
    else if (target.matches("article")) {
      if (target.hidden) byId("documents").only("");
      target.querySelector("details").open = true;
    }
    const first = target.querySelector(".open, summary");
    if (first && target.matches("tbody, article")) {
      first.focus({ preventScroll: true });
      target.scrollIntoView({ block: "start" });
    }
  }
  function follow(event) {
    const link = event.target.closest('a[href^="#"]');
    if (!link) return;
    const id = link.getAttribute("href").slice(1);
    if (link.dataset.tag) byId("documents").only(link.dataset.tag);
    const family = link.closest(".bars li");
    if (id === "rules" && family && byId("rule-table")) byId("rule-table").only(family.className);
    if (location.hash === `#${id}`) { event.preventDefault(); }
    setTimeout(() => show(id));
  }

  // Views: side by side is made on demand, each line twice.
  const views = () => all("button[data-view]");
  function view(name) {
    views().forEach((button) => button.setAttribute("aria-pressed", button.dataset.view === name));
    const section = byId("documents");
    section.classList.remove("split", "before", "after");
    if (name !== "inline") section.classList.add(name);
    all("article.document", section).forEach((article) => arrange(article));
  }
  function arrange(article) {
    const split = byId("documents").classList.contains("split");
    if (!article.querySelector("details").open && split) return;
    all(".text > p[data-n]", article).forEach((line) => {
      if (split && line.className === "") {
        const twin = line.cloneNode(true);
        line.className = "left";
        twin.className = "right";
        line.after(twin);
      } else if (!split && line.className === "right") line.remove();
      else if (!split) line.className = "";
    });
  }

  // The card of a change: rule and reason, on hover and on focus.
  function cards() {
    const card = byId("card");
    let shown = null;
    const hide = () => { card.hidden = true; shown?.removeAttribute("aria-describedby"); shown = null; };
    const tell = (change) => {
      if (change === shown) return;
      hide();
      if (!change) return;
      card.replaceChildren(...change.dataset.r.split(" ").map((number) => {
        const [name, english, other] = told.rules[number];
        const line = document.createElement("p"), rule = document.createElement("code");
        rule.textContent = name;
        line.append(rule, chinese() ? other : english);
        return line;
      }));
      card.hidden = false;
      shown = change;
      change.setAttribute("aria-describedby", "card");
      put();
    };
    const put = () => {
      const place = shown.getClientRects()[0] ?? shown.getBoundingClientRect();
      const left = Math.max(8, Math.min(place.left, innerWidth - card.offsetWidth - 8));
      const above = place.top - card.offsetHeight - 8;
      card.style.left = `${left}px`;
      card.style.top = `${above > 50 ? above : place.bottom + 8}px`;
    };
    const change = (event) => event.target.closest?.(".e[data-r]");
    // A pointer at rest, under which the page moves, does not take the card from the change that has the focus.
    const focused = () => document.activeElement.closest(".e[data-r]");
    document.addEventListener("mouseover", (event) => tell(change(event) ?? focused()));
    document.addEventListener("focusin", (event) => tell(change(event)));
    document.addEventListener("scroll", () => { if (shown && shown === focused()) put(); else tell(focused()); }, { passive: true });
    document.addEventListener("keydown", (event) => {
      const text = event.target.closest?.("article .text");
      if (event.key === "Escape") { hide(); text?.focus(); return; }
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!text || !step || event.ctrlKey || event.altKey || event.metaKey) return;
      const stops = all(".e[data-r]", text).filter((one) => one.offsetParent !== null && one.getClientRects().length);
      const now = stops.indexOf(document.activeElement);
      const next = stops[now < 0 ? (step > 0 ? 0 : stops.length - 1) : now + step];
      if (!next) return;
      event.preventDefault();
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
    });
    document.addEventListener("click", (event) => {
      const chip = event.target.closest(".chip");
      if (chip) {
        const off = chip.getAttribute("aria-pressed") === "true";
        chip.setAttribute("aria-pressed", !off);
        all(".e", chip.closest("article")).filter((one) => one.classList.contains(chip.dataset.family)).forEach((one) => one.classList.toggle("off", off));
      }
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    told = JSON.parse(byId("data").textContent);
    rules();
    documents();
    cards();
    speak(root.lang);
    all("#languages button").forEach((button) => button.addEventListener("click", () => {
      speak(button.dataset.lang);
      remembered.set("cleanzh-language", button.dataset.lang);
    }));
    views().forEach((button) => button.addEventListener("click", () => view(button.dataset.view)));
    all("article.document > details").forEach((one) => one.addEventListener("toggle", () => arrange(one.parentElement)));
    document.addEventListener("click", follow);
    window.addEventListener("hashchange", () => show(location.hash.slice(1)));
    show(location.hash.slice(1));
    const links = all("nav a");
    if ("IntersectionObserver" in window) {
      const inView = new Set();
      const seen = new IntersectionObserver((entries) => {
        entries.forEach((entry) => inView[entry.isIntersecting ? "add" : "delete"](`#${entry.target.id}`));
        const current = links.filter((link) => inView.has(link.hash)).pop();
        if (!current) return;
        links.forEach((link) => link.removeAttribute("aria-current"));
        current.setAttribute("aria-current", "true");
      }, { rootMargin: "-20% 0px -70%" });
      all("main > section").forEach((section) => seen.observe(section));
    }
  });
})();
