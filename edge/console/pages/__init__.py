"""The console's pages, one module each; every page shows values and asks the source for nothing twice."""
