"""The same endpoints in FastAPI with async SQLAlchemy, as a team would write them who look at every profile.

It has packages of its own (bench/rest/requirements.txt). The rules are the product's own, where those are
pure: how a token is read, an address is signed, a streak goes on. So are the statements, given to the driver
as they are, which spares SQLAlchemy their compilation. What it reads is read without a transaction. Models
are made without validation of what the database has checked, and written by pydantic's own encoder.

Run by bench/rest with one argument, JSON: where the database is, and the statements by name.
"""

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from bench.rest.peer import reading, writing
from core.errors import AppError

app = FastAPI(openapi_url=None)
app.include_router(reading.router)
app.include_router(writing.router)


@app.exception_handler(AppError)
async def problem(_: Request, error: AppError) -> JSONResponse:
    """What the product's rules raise."""
    return JSONResponse({"code": error.code}, error.status)


config = uvicorn.Config(app, port=0, loop="uvloop", http="httptools", access_log=False, log_level="info")
uvicorn.Server(config).run()
