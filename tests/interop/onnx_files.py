"""ONNX's own checker and ONNX Runtime open what we write and give the answers that Baeum gave."""

import onnx
import onnxruntime
from common import array, cases, near, report

for path, case in cases():
    model = onnx.load(path / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    # Strict shape inference knows the standard operators alone.
    if all(node.domain == "" for node in model.graph.node):
        onnx.shape_inference.infer_shapes(model, strict_mode=True)
    session = onnxruntime.InferenceSession(path / "model.onnx", providers=["CPUExecutionProvider"])
    inputs = {name: array(value) for name, value in case["inputs"].items()}
    rows = len(next(iter(inputs.values())))
    for batch in (rows, 1):
        fed = {name: value[:batch] for name, value in inputs.items()}
        outputs = dict(zip([output.name for output in session.get_outputs()], session.run(None, fed)))
        for name, value in case["outputs"].items():
            near(f"{path.name} {name} batch {batch}", outputs[name], array(value)[:batch])
        for name, labels in case.get("labels", {}).items():
            found = [text for row in outputs[name].reshape(batch, -1).tolist() for text in row]
            assert found == labels[:batch], f"{path.name}: {found} != {labels[:batch]}"
            report(f"{path.name} {name} batch {batch}", "labels equal")
