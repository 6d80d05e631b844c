"use strict";
// The whole script of a report stands here: the file is one, and its policy lets one script run, by its hash.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const LEVELS = [50, 70, 85, 95];
  const LEVEL_NAMES = ["below 50", "50 to 69", "70 to 84", "85 to 94", "95 and above"];
  const NEAR = "800px 0px";
  const RANKS = { failed: 0, recognized: 1, empty: 2 };

  const $ = (id) => document.getElementById(id);
  const read = (id) => JSON.parse($(id).textContent);
  const number = (value, digits = 0) =>
    value === null ? "–" : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const level = (confidence) => LEVELS.filter((edge) => confidence >= edge).length;
  const some = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;

  function filled(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }
  const make = (name, attributes = {}, ...children) => filled(document.createElement(name), attributes, children);
  const draw = (name, attributes = {}, ...children) =>
    filled(document.createElementNS(SVG, name), attributes, children);

  // The data: heads are read at once, what is large only when its page is near.

  const summary = read("summary");
  const pages = [];
  for (const block of document.querySelectorAll('script[type="application/json"][id^="page-"]')) {
    const page = JSON.parse(block.textContent);
    page.place = Number(block.id.slice(5));
    const at = page.document_id.replace(/\/+$/, "").lastIndexOf("/");
    page.name = page.document_id.slice(at + 1) || page.document_id;
    pages.push(page);
  }
  const detectionsOf = (page) => read(`detections-${page.place}`);
  const searchText = (page) =>
    (page.searched ??= [page.document_id, page.document_uri, detectionsOf(page).map(([text]) => text).join(" ")]
      .join("\n").toLocaleLowerCase());

  // The head of the report.

  function showSources() {
    for (const source of summary.sources) {
      const times = [source.started_at, source.finished_at].map((time) =>
        String(time || "?").replace("T", " ").replace("+00:00", " UTC"));
      $("sources").append(
        make("p", { class: "source" }, make("b", {}, source.output_path || "?"), " · ",
          make("span", { class: source.status }, source.status || "?"),
          ` · ${times.join(" to ")}`, source.reason ? ` · ${source.reason}` : ""),
      );
    }
  }

  function showTotals() {
    const { counts, calls, price, confidences } = summary;
    const sum = confidences.reduce((total, count, confidence) => total + count * confidence, 0);
    const tile = (name, value, small, kind) =>
      make("div", { class: kind }, make("dt", {}, name), make("dd", {}, value, small ? make("small", {}, small) : null));
    const cost = price === null
      ? tile("Cost", "–", "no price was given")
      : tile("Cost", (price * calls.made).toLocaleString("en", { maximumFractionDigits: 4 }), `at most, at ${price} a call`);
    $("totals").append(
      tile("Pages", number(counts.pages), some(counts.documents, "document", "documents")),
      tile("Recognized", number(counts.recognized), counts.reused ? `${number(counts.reused)} pages reused` : ""),
      tile("Empty", number(counts.empty)),
      tile("Failed", number(counts.failed), "", counts.failed ? "alarm" : null),
      tile("Detections", number(counts.detections), counts.detections ? `mean ${number(sum / counts.detections, 1)}` : ""),
      tile("Calls", number(calls.made), `${number(calls.throttled)} throttled, ${number(calls.retried)} retried`),
      cost,
    );
  }

  function showLeftOut() {
    const told = [];
    if (summary.shown < summary.counts.pages) {
      told.push(`The ${some(summary.shown, "page", "pages")} shown are the worst of ${number(summary.counts.pages)}; ` +
        "the counts and the histogram are of all. tcocr report --pages shows more.");
    }
    if (summary.pictures_at_most < summary.shown) {
      told.push(`${some(summary.pictured, "page has its image", "pages have their image")}, the worst first; ` +
        "others are drawn on blank paper. tcocr report --images shows more.");
    }
    $("left-out").append(...told.map((text) => make("li", {}, text)));
    $("left-out").hidden = !told.length;
  }

  function showWorst() {
    const worst = pages.filter((page) => page.confidence_mean !== null).sort(byConfidence("confidence_mean")).slice(0, 6);
    for (const page of worst) {
      const button = make("button", { type: "button", "data-place": page.place, title: page.document_id },
        make("span", { class: `score c${level(page.confidence_mean)}` }, number(page.confidence_mean, 1)),
        make("span", { class: "name" }, page.name),
        make("span", { class: "soft" }, `p. ${number(page.page)}`),
        make("small", { class: "soft" }, `lowest ${page.confidence_min}`));
      button.addEventListener("click", () => goTo(page));
      $("worst").append(make("li", {}, button));
    }
    if (!worst.length) $("worst").append(make("li", { class: "soft" }, "No page has a detection."));
  }

  function showHistogram() {
    const bins = new Array(20).fill(0), levels = new Array(LEVEL_NAMES.length).fill(0);
    summary.confidences.forEach((count, confidence) => {
      bins[Math.min(Math.floor(confidence / 5), 19)] += count;
      levels[level(confidence)] += count;
    });
    const most = Math.max(...bins, 1), total = Math.max(summary.counts.detections, 1);
    const bars = bins.map((count, bin) => {
      const height = count ? Math.max((count / most) * 84, 2) : 0;
      return draw("rect", { class: `c${level(bin * 5)}`, x: bin * 20 + 1, y: 88 - height, width: 18, height, rx: 2 },
        draw("title", {}, `${bin * 5} to ${bin === 19 ? 100 : bin * 5 + 4}: ${number(count)}`));
    });
    const ticks = [0, 25, 50, 75, 100].map((value) =>
      draw("text", { x: value * 4, y: 104, "text-anchor": value === 0 ? "start" : value === 100 ? "end" : "middle" }, value));
    $("histogram").append(draw("svg", { viewBox: "0 0 400 108", preserveAspectRatio: "none", role: "img",
      "aria-label": levels.map((count, at) => `${LEVEL_NAMES[at]}: ${count}`).join(", ") },
      draw("line", { x1: 0, x2: 400, y1: 88.5, y2: 88.5 }), ...bars, ...ticks));
    levels.forEach((count, at) => $("legend").append(make("li", {}, make("span", { class: `swatch c${at}` }),
      `${LEVEL_NAMES[at]} `, make("b", {}, number(count)), ` ${number((100 * count) / total, 1)} %`)));
  }

  function showCodes() {
    for (const [code, count, meaning] of summary.codes) {
      const reason = meaning || pages.find((page) => page.error_code === code)?.error_message;
      $("codes").append(make("li", {}, make("b", {}, number(count)), " × ", make("code", {}, code),
        reason ? make("small", {}, reason) : null));
    }
    $("failures").hidden = !summary.codes.length;
  }

  // Which pages, in which order.

  const view = { status: "all", order: "mean", query: "" };
  const asked = () => view.query.trim().toLocaleLowerCase();
  const byConfidence = (name) => (one, other) =>
    RANKS[one.status] - RANKS[other.status] || one[name] - other[name] || one.place - other.place;
  const ORDERS = {
    mean: byConfidence("confidence_mean"),
    min: byConfidence("confidence_min"),
    place: (one, other) => one.place - other.place,
  };

  function showFilters() {
    const counts = { all: pages.length, recognized: 0, empty: 0, failed: 0 };
    for (const page of pages) counts[page.status] += 1;
    for (const [status, count] of Object.entries(counts)) {
      const name = status[0].toUpperCase() + status.slice(1);
      const button = make("button", { type: "button", "data-status": status }, `${name} `, make("small", {}, number(count)));
      button.addEventListener("click", () => { view.status = status; show(); });
      $("filters").append(button);
    }
  }

  const articles = new Map();
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) fill(entry.target);
      else clear(entry.target);
    }
  }, { rootMargin: NEAR });

  function show() {
    const query = asked();
    const chosen = pages
      .filter((page) => view.status === "all" || page.status === view.status)
      .filter((page) => !query || searchText(page).includes(query))
      .sort(ORDERS[view.order]);
    for (const button of $("filters").children) {
      button.setAttribute("aria-pressed", String(button.dataset.status === view.status));
    }
    $("found").textContent = `${number(chosen.length)} of ${some(pages.length, "page", "pages")}`;
    near.disconnect();
    articles.forEach(clear);
    $("pages").replaceChildren(...chosen.map(articleOf));
    if (!chosen.length) $("pages").append(make("p", { class: "none" }, "No page is like that."));
    watch();
  }

  const shownArticles = () => $("pages").querySelectorAll("article");
  const watch = () => shownArticles().forEach((article) => near.observe(article));

  // On paper there is no scrolling: all pages that are chosen are built, and taken down again afterwards.
  addEventListener("beforeprint", () => { near.disconnect(); shownArticles().forEach(fill); });
  addEventListener("afterprint", watch);

  function goTo(page) {
    view.status = "all"; view.query = $("search").value = "";
    show();
    const article = articles.get(page.place);
    fill(article);
    article.scrollIntoView();
    article.focus({ preventScroll: true });
  }

  // One page.

  function articleOf(page) {
    let article = articles.get(page.place);
    if (!article) {
      article = make("article", { class: "page", id: `article-${page.place}`, tabindex: -1 });
      article.page = page;
      article.style.minHeight = `${guessedHeight(page)}px`;
      articles.set(page.place, article);
    }
    return article;
  }

  function guessedHeight(page) {
    if (page.status === "failed") return 160;
    const [across, down] = UPRIGHT[quarters(page)](page.width || 1, page.height || 1);
    const side = Math.min(document.documentElement.clientWidth - 40, 1320) * (innerWidth > 760 ? 0.55 : 1);
    return Math.round(140 + Math.min((side * down) / across, 1400));
  }

  function clear(article) {
    if (!article.firstChild || article.contains(document.activeElement) && article !== document.activeElement) return;
    if (article.offsetHeight) article.style.minHeight = `${article.offsetHeight}px`;
    article.replaceChildren();
  }

  function fill(article) {
    if (article.firstChild) return;
    const page = article.page, detections = detectionsOf(page);
    article.append(titleOf(page));
    if (page.status === "failed") article.append(failureOf(page));
    if (page.status !== "failed" || page.matrix) {
      article.append(make("div", { class: "split" }, figureOf(page, detections), textOf(page, detections)));
    }
    article.append(factsOf(page));
    article.style.minHeight = "";
  }

  function titleOf(page) {
    const verdict = page.status !== "recognized" ? make("b", { class: page.status }, page.status)
      : make("span", {}, make("b", { class: `c${level(page.confidence_mean)}` }, number(page.confidence_mean, 1)),
        make("span", { class: "soft" }, ` mean · ${page.confidence_min} lowest`));
    return make("div", { class: "title" },
      make("h2", {}, page.name, make("span", {}, ` · page ${page.page}`)),
      make("div", { class: "verdict" }, verdict),
      make("p", { class: "where" }, page.document_id === page.document_uri ? page.document_uri
        : `${page.document_id} · ${page.document_uri}`));
  }

  const failureOf = (page) => make("div", { class: "wrong" },
    make("p", {}, make("code", {}, page.error_code || "no code")), make("p", {}, page.error_message || ""),
    page.advice ? make("p", {}, make("b", {}, "What to do: "), page.advice) : null);

  function sizeOf(page, detections) {
    if (page.width && page.height) return [page.width, page.height];
    const sides = [0, 1].map((odd) => detections.flatMap(([, , polygon]) => polygon.filter((_, at) => at % 2 === odd)));
    return sides.map((ends) => Math.max(ends.reduce((most, end) => Math.max(most, end), 0) * 1.05, 100));
  }

  // A page that lies on its side or its head is drawn upright: by how many quarters, and what they do to its size.
  const quarters = (page) => (((Math.round(-(page.angle || 0) / 90) % 4) + 4) % 4);
  const UPRIGHT = [
    (width, height) => [width, height, null],
    (width, height) => [height, width, `translate(${height} 0) rotate(90)`],
    (width, height) => [width, height, `translate(${width} ${height}) rotate(180)`],
    (width, height) => [height, width, `translate(0 ${width}) rotate(270)`],
  ];

  function figureOf(page, detections) {
    const [width, height] = sizeOf(page, detections);
    const query = asked();
    const image = page.matrix && draw("image", { width: 1, height: 1, preserveAspectRatio: "none",
      transform: `matrix(${page.matrix.join(" ")})`, href: $(`picture-${page.place}`).textContent });
    const polygons = detections.map(([text, confidence, polygon], at) => polygon.length < 4 ? null
      : draw("polygon", { points: polygon.join(" "), "data-at": at, tabindex: -1, role: "img",
        class: `c${level(confidence)}${query && text.toLocaleLowerCase().includes(query) ? " hit" : ""}`,
        "aria-label": `${text} (confidence ${confidence})` }));
    polygons.find(Boolean)?.setAttribute("tabindex", 0);
    const note = page.note || (page.matrix || !detections.length ? null : "No image: the polygons on blank paper.");
    const [across, down, turn] = UPRIGHT[quarters(page)](width, height);
    return make("figure", {}, note ? make("p", { class: "note" }, note) : null,
      draw("svg", { viewBox: `0 0 ${across} ${down}`, role: "group", "aria-label": "The page and its detections" },
        draw("g", { transform: turn }, draw("rect", { class: "paper", width, height }), image, draw("g", {}, ...polygons))),
      detections.length ? make("div", { class: "reading", dir: "auto" }) : null);
  }

  function textOf(page, detections) {
    const query = asked();
    const lines = detections.map(([text, confidence], at) =>
      make("li", { "data-at": at, tabindex: at ? -1 : 0,
        class: query && text.toLocaleLowerCase().includes(query) ? "hit" : null },
      make("b", { class: `c${level(confidence)}`, title: "confidence" }, confidence), make("span", { dir: "auto" }, text)));
    if (page.left_out) {
      lines.push(make("li", { class: "left" }, `${some(page.left_out, "detection is", "detections are")} left out of this report; the table has all.`));
    }
    if (!lines.length) lines.push(make("li", { class: "left" }, page.status === "empty" ? "No text was found." : "No text."));
    return make("div", { class: "text" }, make("ol", { class: "lines", "aria-label": "Text" }, ...lines));
  }

  function factsOf(page) {
    const turned = page.angle !== null && Math.abs(page.angle) >= 1;
    const facts = [
      page.width ? `${number(page.width)} × ${number(page.height)} pixels` : null,
      page.detections ? some(page.detections, "detection", "detections") : null,
      turned ? `turned ${number(page.angle, 1)}°${quarters(page) ? ", drawn upright" : ""}` : null,
      page.prepared, page.request_id ? `RequestId ${page.request_id}` : null,
    ].filter(Boolean);
    return facts.length ? make("p", { class: "facts" }, ...facts.map((fact) => make("span", {}, fact))) : "";
  }

  // A line of text and its polygon are one: under the pointer, and under the keyboard.

  const KEYS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
  const of = (event) => event.target.closest?.("[data-at]");

  function link(event) {
    const chosen = of(event);
    if (!chosen) return;
    const article = chosen.closest("article"), at = chosen.dataset.at;
    unlink(article);
    for (const one of article.querySelectorAll(`[data-at="${CSS.escape(at)}"]`)) one.classList.add("on");
    const line = article.querySelector(`li[data-at="${CSS.escape(at)}"]`), list = line.parentElement;
    const [conf, text] = line.children;
    article.querySelector(".reading")?.replaceChildren(conf.cloneNode(true), " ", text.textContent);
    if (chosen === line || list.scrollHeight <= list.clientHeight) return;
    const top = line.offsetTop - list.offsetTop * (list.offsetParent === line.offsetParent);
    if (top < list.scrollTop || top + line.offsetHeight > list.scrollTop + list.clientHeight) {
      list.scrollTop = top - list.clientHeight / 3;
    }
  }

  function unlink(article) {
    for (const one of article.querySelectorAll(".on")) one.classList.remove("on");
    article.querySelector(".reading")?.replaceChildren();
  }

  function move(event) {
    const chosen = of(event), step = KEYS[event.key];
    if (!chosen || step === undefined) return;
    event.preventDefault();
    const all = [...chosen.parentElement.querySelectorAll("[data-at]")];
    const next = all[Math.max(0, Math.min(all.length - 1, all.indexOf(chosen) + step))];
    for (const one of all) one.setAttribute("tabindex", one === next ? 0 : -1);
    next.focus();
  }

  $("pages").addEventListener("mouseover", link);
  $("pages").addEventListener("focusin", link);
  $("pages").addEventListener("keydown", move);

  let waiting = 0;
  $("search").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { view.query = event.target.value; show(); }, 150);
  });
  $("order").addEventListener("change", (event) => { view.order = event.target.value; show(); });

  showSources(); showTotals(); showLeftOut(); showWorst(); showHistogram(); showCodes(); showFilters(); show();
})();
