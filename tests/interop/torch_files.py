"""PyTorch loads our .pth and .safetensors into modules of the same names and gives the answers that Baeum gave."""

import safetensors.torch
import torch
from common import array, cases, near, report
from torch_net import Net

torch.manual_seed(0)
for path, case in cases():
    pth = path / "model.pth"
    loaded = torch.load(pth, weights_only=True)
    for way in (dict(weights_only=False), dict(weights_only=True, mmap=True)):
        again = torch.load(pth, **way)
        assert list(again) == list(loaded) and all(torch.equal(again[k], loaded[k]) for k in loaded), way
    assert all(value.device.type == "meta" for value in torch.load(pth, map_location="meta", weights_only=True).values())
    tensors = safetensors.torch.load_file(path / "model.safetensors")
    assert all(torch.equal(tensors[name], loaded[name]) for name in tensors), path.name
    net = Net(case["graph"], loaded)
    for name, table in net.tables().items():
        table, scores = loaded[f"{table}.weight"], loaded[f"{name}.weight"]
        assert table.data_ptr() == scores.data_ptr(), "a table that is used twice lies in one place"
    net.load_state_dict(loaded, strict=True)
    net.eval()
    with torch.no_grad():
        outputs = net({name: torch.from_numpy(array(value)) for name, value in case["network_inputs"].items()})
    for i, (found, expected) in enumerate(zip(outputs, case["network_outputs"])):
        near(f"{path.name} output {i}", found.numpy(), array(expected))
    # What torch writes, we read: the Rust side opens this file again.
    torch.save(net.state_dict(), path / "by_torch.pth")
report("torch", torch.__version__)
