"""What the workflow's commands are given."""

from dslt.study.job import place_on


def test_an_engine_is_named_where_networks_may_run_on_a_cpu():
    assert place_on("cpu", "auto", "float32") == "--device cpu --engine auto:float32"
    assert place_on("cuda", "auto", "float32") == "--device cuda"
