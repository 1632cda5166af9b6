// Draws it all, and opens the occupation that the address names.
drawHeadline();
drawImportance();
drawScatter();
drawCautions();
drawMap();
refresh();
if (location.hash.startsWith("#o-")) reveal(decodeURIComponent(location.hash.slice(3)));
