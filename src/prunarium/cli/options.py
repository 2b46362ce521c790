"""Options that several commands take, each defined once."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="print JSON, nothing else")]
Records = Annotated[
    Path | None,
    typer.Option("--records", metavar="DIR", help="folder of the records; default: the methods' own measured/ folders"),
]

Method = Annotated[str, typer.Argument(help="a method of 'prunarium methods', or the path of a method folder")]
Setting = Annotated[list[str] | None, typer.Option("--param", help="a parameter as name=value; repeatable")]
Budget = Annotated[
    float | None, typer.Option(help="mean tokens per block, of the untouched model's; finds the parameter for it")
]
Macs = Annotated[
    float | None, typer.Option(help="multiply-accumulates, of the untouched model's; finds the parameter for them")
]
Benchmark = Annotated[str | None, typer.Option(help="default: the family's embedded one")]
Model = Annotated[
    str | None,
    typer.Option(
        help="any timm ViT, or the directory of a vision-language or text model; default: the benchmark's own"
    ),
]
Checkpoint = Annotated[Path | None, typer.Option(help="weights for --model")]
Trained = Annotated[
    bool, typer.Option("--trained", help="with weights that were trained with the method: its own, or the --checkpoint")
]
Data = Annotated[
    Path | None,
    typer.Option(help="of a benchmark whose data are not shipped: their folder, or files of a dataset"),
]
Column = Annotated[
    list[str] | None,
    typer.Option(metavar="ROLE=NAME", help="a column of --data, where its name does not tell: text=review; repeatable"),
]
Image = Annotated[Path | None, typer.Option(help="a picture to run on, with --model")]
Prompt = Annotated[str | None, typer.Option(help="what to ask about the picture, or the text that --model reads")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1..., or meta: count on shapes alone; default: cpu")]
Precision = Annotated[str | None, typer.Option(help="float32, bfloat16 or float16; default: float32")]
Threads = Annotated[int | None, typer.Option(min=1, help="of torch; default: as many as torch takes here")]
Seconds = Annotated[float | None, typer.Option(min=0, help="how long to time each batch size; default: 6")]
Samples = Annotated[int | None, typer.Option(min=1, help="only so many samples of the benchmark")]
Download = Annotated[
    bool, typer.Option("--download", help="fetch pretrained weights first, where they are not on this machine")
]
