-- Cases are what moderators decide: who looks for reports goes by a case, a reporter or whom they are about.
DROP INDEX interaction.reports_to_review;
