"""Print the checkout and the folder of figures that an installed occurisk sees."""

from occurisk import paths

print(paths.CHECKOUT, paths.FEATURES)
