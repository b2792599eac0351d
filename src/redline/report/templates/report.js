(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var names = JSON.parse(document.getElementById("names").textContent);
  var pick = {};
  ["case", "system", "clinician"].forEach(function (id) { pick[id] = document.getElementById(id); });
  function fill(select, values, labels) {
    var before = select.value;
    select.textContent = "";
    values.forEach(function (v, i) {
      var o = document.createElement("option");
      o.value = v; o.textContent = labels ? labels[i] : v; select.appendChild(o);
    });
    if (values.indexOf(before) >= 0) select.value = before;
  }
  function distinct(list) { return list.filter(function (v, i) { return list.indexOf(v) === i; }); }
  function units(target, texts, verdicts, word, other) {
    var box = document.getElementById(target);
    box.textContent = "";
    if (!texts.length) { var p = document.createElement("p"); p.className = "muted"; p.textContent = "(empty)"; box.appendChild(p); }
    texts.forEach(function (t, i) {
      var v = verdicts[i], failed = typeof v[0] === "string";
      var div = document.createElement("div");
      div.className = "u " + (failed ? "failed" : v[0] ? word : "kept");
      div.id = target + i; div.tabIndex = 0;
      var s = document.createElement("span"); s.className = "txt"; s.textContent = t[0];
      var m = document.createElement("span"); m.className = "m";
      var label = failed ? "not judged: " + v[0] : (v[0] ? word : "kept") + ", p(" + word + ") " + v[1].toFixed(2);
      m.textContent = t[1].map(function (k) { return names[k] || k; }).join(", ") + " \u00b7 " + label;
      div.appendChild(s); div.appendChild(m);
      var near = !failed && v[2] !== null ? other + v[2] : null;
      function light(on) { var e = near && document.getElementById(near); if (e) e.classList.toggle("lit", on); }
      ["mouseenter", "focus"].forEach(function (n) { div.addEventListener(n, function () { light(true); }); });
      ["mouseleave", "blur"].forEach(function (n) { div.addEventListener(n, function () { light(false); }); });
      box.appendChild(div);
    });
  }
  function show() {
    var c = data[Number(pick["case"].value)];
    if (!c) return;
    fill(pick.system, distinct(c.pairs.map(function (p) { return p[2] + ": " + p[0]; })));
    var mine = c.pairs.filter(function (p) { return p[2] + ": " + p[0] === pick.system.value; });
    fill(pick.clinician, distinct(mine.map(function (p) { return p[1]; })));
    var pair = mine.filter(function (p) { return p[1] === pick.clinician.value; })[0];
    document.getElementById("message").textContent = c.message;
    document.getElementById("chart").textContent = c.chart;
    if (!pair) return;
    units("draft", c.texts[pair[3]], pair[5], "deleted", "reply");
    units("reply", c.texts[pair[4]], pair[6], "added", "draft");
    document.getElementById("draft-head").textContent = "Draft: " + pair[0];
    document.getElementById("reply-head").textContent = "Reply: " + pair[1];
    function sum(list) { return list.reduce(function (a, v) { return a + (typeof v[0] === "string" ? 0 : v[1]); }, 0); }
    document.getElementById("load-line").textContent = "Expected: " + sum(pair[5]).toFixed(1) + " of " + pair[5].length +
      " draft units deleted, " + sum(pair[6]).toFixed(1) + " of " + pair[6].length + " reply units added.";
  }
  fill(pick["case"], data.map(function (_, i) { return String(i); }), data.map(function (c) {
    return c["case"] + (c.category ? " \u00b7 " + c.category : "") + (c.acuity ? " \u00b7 " + c.acuity : "");
  }));
  ["case", "system", "clinician"].forEach(function (id) { pick[id].addEventListener("change", show); });
  function step(by) { return function () {
    var n = (Number(pick["case"].value) + by + data.length) % data.length;
    pick["case"].value = String(n); show();
  }; }
  document.getElementById("prev").addEventListener("click", step(-1));
  document.getElementById("next").addEventListener("click", step(1));
  if (data.length) show();
})();
