"use strict";
// Before anything is drawn: the theme that was chosen here, if one was.
(function () {
  var root = document.documentElement;
  root.classList.add("script");
  try {
    var theme = localStorage.getItem("hookgate-theme");
    if (theme) root.setAttribute("data-theme", theme);
  } catch (e) { /* no storage: the system's theme holds */ }
})();
