"""Predict with the registered model where occurisk is not installed; reads X.csv, prints JSON."""

import json
import sys

import mlflow
import pandas as pd


class Absent:
    """A finder that knows no occurisk."""

    def find_spec(self, name, *_):
        if name.split(".")[0] == "occurisk":
            raise ImportError(name)


sys.meta_path.insert(0, Absent())
model = mlflow.pyfunc.load_model("models:/occurisk@champion")
print(json.dumps(model.predict(pd.read_csv("X.csv")).to_dict("list")))
