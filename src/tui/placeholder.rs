//! Stands in for the store until it is there.

pub struct StoreHandle;
impl StoreHandle {
    pub fn submit(
        &self,
        _job: crate::store::job::Job,
    ) -> Result<(), crate::model::failure::Failure> {
        Ok(())
    }
}
