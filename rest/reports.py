"""Reporting. Decides nothing: `services.reports` does."""

from core.contract import reports as contract
from core.contract.reports import ReportFiled, SubjectReport
from rest.http.request import Request
from services.reports import ReportService


class ReportHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, reports: ReportService) -> None:
        self._reports = reports

    async def report(self, request: Request) -> ReportFiled:
        caller, body = request.caller.user_id, request.sent(SubjectReport)
        return ReportFiled(id=await self._reports.report(caller, body, request.key, request.now))
